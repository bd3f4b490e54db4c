"""What is wrong is refused in the client's format, with the right status, naming the parameter."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import pytest

from melder_local.system import System

from .reading import FORMS, Answer
from .server import Server

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("system")]

MB = 1_000_000
FAR_AWAY = {"lat": "52.52", "long": "13.405"}


@dataclass(frozen=True)
class Wrong:
    """``fields`` are put over a good report, ``without`` taken out; ``named`` must be told."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    named: str = ""
    status: int = 400
    without: tuple[str, ...] = ()


POSTS = {
    "lat is no number": Wrong({"lat": "links oben"}, "lat"),
    "lat is NaN": Wrong({"lat": "NaN"}, "lat"),
    "long is infinite": Wrong({"long": "Infinity"}, "long"),
    "long overflows": Wrong({"long": "1e999"}, "long"),
    "lat is true": Wrong({"lat": "true"}, "lat"),
    "lat with a comma": Wrong({"lat": "54,08"}, "lat"),
    "lat is hexadecimal": Wrong({"lat": "0x36"}, "lat"),
    "lat with underscores": Wrong({"lat": "5_4.08"}, "lat"),
    "lat in Arabic digits": Wrong({"lat": "٥٤.٠٨"}, "lat"),
    "lat with 5,000 digits": Wrong({"lat": "54." + "0" * 5000}, "lat"),
    "beyond the pole": Wrong({"lat": "91"}, "lat"),
    "beyond the date line": Wrong({"long": "181"}, "long"),
    "swapped": Wrong({"lat": "12.27", "long": "54.08"}, "lat"),
    "nowhere": Wrong({"lat": "0", "long": "0"}, "lat"),
    "outside": Wrong(FAR_AWAY, "lat"),
    "lat alone": Wrong({}, "long", without=("long",)),
    "long alone": Wrong({}, "lat", without=("lat",)),
    "no place": Wrong({}, "lat", without=("lat", "long", "address_string")),
    "no service": Wrong({}, "service_code", without=("service_code",)),
    "service is white space": Wrong({"service_code": "   "}, "service_code"),
    "unknown service": Wrong({"service_code": "unicorns"}, "service_code", 404),
    "service with NUL": Wrong({"service_code": "a\0b"}, "service_code", 404),
    "service is a path": Wrong({"service_code": "../../etc/passwd"}, "service_code", 404),
    "service is huge": Wrong({"service_code": "x" * 10_000}, "service_code", 404),
    "description with NUL": Wrong({"description": "Loch\0"}, "description"),
    "description with ESC": Wrong({"description": "\x1b[31mrot"}, "description"),
    "description too long": Wrong({"description": "lang " * 900}, "description"),
    "description far too long": Wrong({"description": "ä" * 80_000}, "description"),
    "address in two lines": Wrong({"address_string": "Lange\nStraße"}, "address_string"),
    "address too long": Wrong({"address_string": "x" * 5000}, "address_string"),
    "name too long": Wrong({"first_name": "x" * 5000}, "first_name"),
    "no mail address": Wrong({"email": "kein at"}, "email"),
    "two mail addresses": Wrong({"email": "a@example.org,b@example.org"}, "email"),
    "mail address with a header": Wrong({"email": "a@example.org\r\nBcc: b@example.org"}, "email"),
    "no phone number": Wrong({"phone": "\0"}, "phone"),
    "media_url is a file": Wrong({"media_url": "file:///etc/passwd"}, "media_url"),
    "media_url is a script": Wrong({"media_url": "javascript:alert(1)"}, "media_url"),
    "media_url too long": Wrong({"media_url": "https://x.example/" + "x" * 5000}, "media_url"),
    "required attribute missing": Wrong({"service_code": "light-broken"}, "fault"),
    "answer that is no choice": Wrong(
        {"service_code": "light-broken", "attribute[fault]": "purple"}, "fault"
    ),
    "number that is none": Wrong(
        {"service_code": "vehicle-abandoned", "attribute[days]": "viele"}, "days"
    ),
    "two answers where one is asked": Wrong(
        {"service_code": "light-broken", "attribute[fault]": ["dark", "damaged"]}, "fault"
    ),
    "unknown jurisdiction": Wrong({"jurisdiction_id": "nowhere.example"}, "jurisdiction_id", 404),
    "jurisdiction with NUL": Wrong({"jurisdiction_id": "\0"}, "jurisdiction_id", 404),
}

GETS = {
    "requests?start_date=yesterday": (400, "start_date"),
    "requests?start_date=2026-13-01T00:00:00Z": (400, "start_date"),
    "requests?start_date=99999-01-01T00:00:00Z": (400, "start_date"),
    "requests?end_date=2026-11-23T25:00:00Z": (400, "end_date"),
    "requests?end_date=%00": (400, ""),
    "requests?updated_after=1": (400, "updated_after"),
    "requests?updated_before=NaN": (400, "updated_before"),
    "requests?status=Zu": (400, "status"),
    "requests?status=open,half": (400, "status"),
    "requests?page=minus": (400, "page"),
    "requests?page=-1": (400, "page"),
    "requests?page=1e3": (400, "page"),
    "requests?page=99999999999999999999": (400, "page"),
    "requests?page_size=%F0%9F%A6%84": (400, "page_size"),
    "requests?page_size=-1": (400, "page_size"),
    "requests?jurisdiction_id=nowhere.example": (404, "jurisdiction_id"),
    "requests?service_request_id=A&jurisdiction_id=nowhere.example": (404, "jurisdiction_id"),
    "requests/UNICORN1": (404, "service_request_id"),
    "requests/00000000": (404, "service_request_id"),
    "requests/%F0%9F%A6%84": (404, "service_request_id"),
    f"requests/{'9' * 3000}": (404, "service_request_id"),
    "requests/..%2F..%2Fetc": (404, ""),
    "requests/%00": (400, ""),
    "requests/%ED%A0%80": (404, ""),
    "services/unicorns": (404, "service_code"),
    f"services/{'x' * 3000}": (404, "service_code"),
    "services/%00": (400, ""),
    "services?jurisdiction_id=nowhere.example": (404, "jurisdiction_id"),
    "services/light-broken?jurisdiction_id=nowhere.example": (404, "jurisdiction_id"),
    "tokens/unicorn": (404, ""),
    "nowhere": (404, ""),
    "services/light-broken/more": (404, ""),
}

LENIENT = [
    "requests?service_request_id=UNICORN1,,🦄",
    f"requests?service_request_id={','.join(['7ZZZZZZZ'] * 800)}",
    "requests?service_code=,,,unicorns",
    "requests?status=CLOSED,,closed",
    "requests?start_date=0001-01-01T00:00:00Z",
    "requests?end_date=9999-12-31T23:59:59Z",
    "requests?start_date=2026-11-01T00:00:00%2B00:00&page_size=1",
    "requests?start_date=2026-11-01T00:00:00+00:00&page_size=1",
    "requests?page=100000",
    "requests?unknown=parameter&page_size=1",
]

BODIES = {
    "JSON": ("application/json", b'{"service_code": "bench-damaged"}'),
    "XML with an entity": ("text/xml", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///x">]><x>&e;</x>'),
    "multipart without a boundary": ("multipart/form-data", b"x"),
    "multipart that breaks off": ("multipart/form-data; boundary=x", b"--x\r\nContent-Disp"),
    "too many fields": ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 3000)),
    "half a character": ("application/x-www-form-urlencoded", b"description=%ED%A0%80"),
    "broken UTF-8": ("application/x-www-form-urlencoded", b"description=\xff\xfe\xfd"),
    "another charset": ("application/x-www-form-urlencoded; charset=utf-16", b"\xff\xfea\0=\0b\0"),
    "no type at all": ("", b"\x00\x01\x02"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("wrong", POSTS.values(), ids=POSTS.keys())
def test_a_wrong_report_is_refused(server: Server, form: str, wrong: Wrong) -> None:
    told = server.post(form, wrong.fields, without=wrong.without).told(wrong.status)
    assert wrong.named in told


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("address", "refusal"), GETS.items(), ids=[key[:60] for key in GETS])
def test_a_wrong_question_is_refused(
    server: Server, form: str, address: str, refusal: tuple[int, str]
) -> None:
    status, named = refusal
    assert named in ask(server, form, address).told(status)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("address", LENIENT, ids=[one[:60] for one in LENIENT])
def test_what_can_be_understood_is_answered(server: Server, form: str, address: str) -> None:
    assert isinstance(ask(server, form, address).data(), list)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_body_that_is_no_form_is_refused(
    server: Server, form: str, body: tuple[str, bytes]
) -> None:
    kind, content = body
    answer = server.http.post(
        f"{server.target.endpoint}/requests.{form}",
        params={"api_key": server.target.api_key},
        content=content,
        headers={"Content-Type": kind} if kind else {},
    )
    assert Answer(answer, form).errors(400)


@pytest.mark.parametrize("form", FORMS)
def test_a_body_that_is_too_large_is_refused(server: Server, form: str) -> None:
    files = {"media": ("gross.jpg", b"\xff\xd8\xff" + bytes(120 * MB), "image/jpeg")}
    assert server.post(form, files=files).errors(400)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["service_code", "description", "lat"])
def test_of_two_values_of_one_parameter_the_first_counts(
    server: Server, form: str, name: str
) -> None:
    good = server.good()[name]
    number = server.report(form, **{name: [good, "unicorns"]})
    if name == "lat":
        assert server.request(form, number)["lat"] == server.target.lat


@pytest.mark.parametrize(
    ("method", "resource"),
    [
        ("PUT", "requests"), ("DELETE", "requests"), ("PATCH", "requests"), ("POST", "services"),
        ("DELETE", "services"), ("PUT", "discovery"), ("POST", "requests/UNICORN1"),
        ("DELETE", "requests/UNICORN1"), ("POST", "discovery"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", FORMS)
def test_a_method_that_is_not_offered_is_refused(
    server: Server, form: str, method: str, resource: str
) -> None:
    answer = server.http.request(method, f"{server.target.endpoint}/{resource}.{form}")
    assert Answer(answer, form).errors(400)


@pytest.mark.parametrize(
    "address", ["services.yaml", "services.", "services", "requests.JSON", "requests.xml.bak", ""]
)
def test_an_odd_extension_is_answered_in_xml(server: Server, address: str) -> None:
    answer = server.http.get(f"{server.target.endpoint}/{address}")
    assert Answer(answer, "xml").errors(404)


def test_a_head_says_what_a_get_would_say(server: Server) -> None:
    answer = server.http.head(f"{server.target.endpoint}/services.json")
    assert answer.status_code == 200
    assert answer.content == b""


def test_keys_never_reach_a_log(server: Server, system: System) -> None:
    """Neither those that are right nor those that are wrong, however they were sent."""
    wrong = f"melder_{uuid4().hex}"
    for key in (server.target.api_key, wrong):
        for resource in ("requests", "servicerequestupdates", "nowhere", "requests/%00"):
            url = f"{server.target.endpoint}/{resource}.xml"
            for sent in ({"params": {"api_key": key}}, {"headers": {"X-API-Key": key}}):
                server.http.get(url, **sent)
            server.http.delete(url, params={"api_key": key, "x": "\0"})
        server.post("json", {"api_key": key, "lat": "NaN"})
        server.post("json", {"api_key": key}, params={"api_key": key, "jurisdiction_id": "x"})
        server.post("json", {"email": key}, files={key: (key, b"x", "image/jpeg")})
    logs = sorted((system.place.run / "logs").iterdir())
    assert any(log.stat().st_size for log in logs)
    for log in logs:
        text = log.read_text(errors="replace")
        assert server.target.api_key not in text, f"the key stands in {log.name}"
        assert wrong not in text, f"a wrong key stands in {log.name}"


def ask(server: Server, form: str, address: str) -> Answer:
    """GET an address as it is written."""
    path, question, query = address.partition("?")
    url = httpx.URL(f"{server.target.endpoint}/{path}.{form}{question}{query}")
    return Answer(server.http.get(url), form)
