"""GeoReport v2: one conversation, in both formats, with what real clients send."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from defusedxml.ElementTree import fromstring
from sqlalchemy import text

from melder_common.event_values import BodyRef, CategoryRef, PublicationPolicy
from melder_common.events import (
    CaseHandedOver,
    CaseRouted,
    CaseStatusChanged,
    CaseTextReleased,
    ReportSubmitted,
)
from melder_common.ids import new_id
from melder_intake.store.known_clients import REMEMBERED_S, KnownClients
from melder_intake.use_cases.manage_api_client import create_api_client, revoke_api_client

V2 = "/open311/v2"
GOOD = {
    "service_code": "road-pothole",
    "lat": "54.088700",
    "long": "12.140500",
    "description": "Tiefes Loch\nvor der Schule, Tel. 0381 1234567",
    "address_string": "Lange Straße 1",
    "email": "anna@example.org",
    "first_name": "Anna",
    "last_name": "-",
    "deviceid": "secret-device",
    "media_url": "https://example.org/loch.jpg",
}


def routed(said: Any, body: Any, policy: Any, **changes: Any) -> Any:
    facts = {
        "case_id": new_id(),
        "report_id": said.report_id,
        "number": said.number,
        "status": "decided",
        "responsible": body,
        "working": body,
        "municipality": "Rostock",
        "reason": {"de": "Nach unseren Daten zuständig ist Rostock."},
        "category": CategoryRef(slug="road-pothole", name={"de": "Schlagloch"}),
        "place": said.place,
        "policy": policy,
        "boundary_version": "2026",
    }
    return CaseRouted(**(facts | changes))


@pytest.fixture
def post(client: Any, stack: Any) -> Any:
    async def send(
        form: Any = "json",
        *,
        headers: Any = None,
        query: Any = None,
        files: Any = None,
        **changes: Any,
    ) -> Any:
        data = {
            name: value
            for name, value in ({"api_key": stack.api_key} | GOOD | changes).items()
            if value is not None
        }
        return await client.post(
            f"{V2}/requests.{form}", data=data, headers=headers, params=query, files=files
        )

    return send


@pytest.mark.parametrize("path", ["/open311/discovery", "/open311/v2/discovery"])
async def test_discovery(client: Any, path: Any) -> None:
    said = (await client.get(f"{path}.json")).json()
    assert {endpoint["type"] for endpoint in said["endpoints"]} == {"production", "test"}
    for endpoint in said["endpoints"]:
        assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
        assert endpoint["formats"] == ["text/xml", "application/json"]
    assert datetime.fromisoformat(said["changeset"]) < datetime.now(UTC)
    answer = await client.get(f"{path}.xml")
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert answer.text.startswith('<?xml version="1.0" encoding="utf-8"?>')
    root = fromstring(answer.text)
    assert root.tag == "discovery"
    assert len(root.findall("endpoints/endpoint/formats/format")) == 4


async def test_services(client: Any) -> None:
    said = (await client.get(f"{V2}/services.json")).json()
    assert [one["service_code"] for one in said] == [
        "road-pothole", "light-broken", "waste-needles",
    ]  # fmt: skip
    assert said[0] == {
        "service_code": "road-pothole",
        "service_name": "Schlagloch",
        "description": "Loch in Fahrbahn, Radweg oder Gehweg",
        "metadata": False,
        "type": "realtime",
        "keywords": "Loch,Straße",
        "group": "Straße",
    }
    root = fromstring((await client.get(f"{V2}/services.xml")).text)
    assert [one.findtext("metadata") for one in root] == ["false", "true", "false"]


async def test_service_definition(client: Any) -> None:
    said = (await client.get(f"{V2}/services/light-broken.json")).json()
    assert said["service_code"] == "light-broken"
    fault = said["attributes"][1]
    assert fault["code"] == "FAULT"
    assert (fault["required"], fault["variable"], fault["order"]) == (True, True, 2)
    assert fault["values"][0] == {"key": "dark", "name": "dunkel"}
    root = fromstring((await client.get(f"{V2}/services/light-broken.xml")).text)
    assert root.tag == "service_definition"
    assert [one.text for one in root.findall("attributes/attribute/values/value/key")] == [
        "dark", "flicker", "open", "bent",
    ]  # fmt: skip


async def test_a_service_without_questions_has_an_empty_definition(client: Any) -> None:
    said = (await client.get(f"{V2}/services/road-pothole.json")).json()
    assert said == {"service_code": "road-pothole", "attributes": []}


async def test_a_post_is_accepted_at_once(post: Any, stack: Any) -> None:
    answer = await post("json")
    assert answer.status_code == 200
    (said,) = answer.json()
    (event,) = await stack.spoken(ReportSubmitted)
    assert said["service_request_id"] == event.number
    assert "angekommen" in said["service_notice"]
    assert event.api_client == "Stadt-App"
    assert event.source == "open311"
    assert event.media_link == "https://example.org/loch.jpg"
    assert "secret-device" not in event.model_dump_json()
    assert stack.unseal(event.contact.box)["name"] == "Anna -"
    root = fromstring((await post("xml")).text)
    assert root.tag == "service_requests"
    assert root.findtext("request/service_request_id")


@pytest.mark.parametrize(
    "attributes",
    [
        {"attribute[FAULT]": "dark", "attribute[SIGNS]": ["open", "bent"]},
        {"attribute[FAULT][]": "dark", "attribute[SIGNS][]": ["open", "bent"]},
        {"attribute[FAULT]": "dark", "attribute[SIGNS][0]": "open", "attribute[SIGNS][1]": "bent"},
    ],
)
async def test_attributes_in_every_spelling(post: Any, stack: Any, attributes: Any) -> None:
    assert (await post(service_code="light-broken", **attributes)).status_code == 200
    (event,) = await stack.spoken(ReportSubmitted)
    assert event.attributes == {"FAULT": ("dark",), "SIGNS": ("open", "bent")}


@pytest.mark.parametrize("field", ["media", "media[]", "photo", "photo1", "photo3"])
async def test_files_under_any_name(post: Any, stack: Any, field: Any) -> None:
    answer = await post(files={field: ("a.jpg", b"\xff\xd8\xff", "image/jpeg")})
    assert answer.status_code == 200
    (event,) = await stack.spoken(ReportSubmitted)
    assert len(event.photos) == 1


async def test_a_full_spool_is_told(make_stack: Any, catalogue_events: Any) -> None:
    stack = await make_stack(catalogue=catalogue_events, spool_bytes=0)
    transport = httpx.ASGITransport(app=stack.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer = await client.post(
            f"{V2}/requests.json",
            data=GOOD | {"api_key": stack.api_key},
            files={"media": ("a.jpg", b"x", "image/jpeg")},
        )
    assert "Foto konnte nicht gespeichert werden" in answer.json()[0]["service_notice"]
    assert await stack.count("report") == 1


@pytest.mark.parametrize("where", ["query", "header", "api-key"])
async def test_the_key_may_come_elsewhere(post: Any, stack: Any, where: Any) -> None:
    if where == "query":
        answer = await post(api_key=None, query={"api_key": stack.api_key})
    else:
        name = "X-API-Key" if where == "header" else "Api-Key"
        answer = await post(api_key=None, headers={name: stack.api_key})
    assert answer.status_code == 200


async def test_equal_posts_are_two_reports_unless_a_key_says_otherwise(
    post: Any, stack: Any
) -> None:
    first, second = await post(), await post()
    assert first.json() != second.json()
    key = {"Idempotency-Key": "abc-1"}
    again = [(await post(headers=key)).json() for _ in range(3)]
    assert again[0] == again[1] == again[2]
    other = await post(headers=key, description="anders")
    assert other.status_code == 400
    assert await stack.count("report") == 3


@pytest.mark.parametrize(
    ("changes", "status", "named"),
    [
        ({"api_key": None}, 403, "api_key"),
        ({"api_key": "wrong"}, 403, "api_key"),
        ({"api_key": ""}, 403, "api_key"),
        ({"jurisdiction_id": "boston.gov"}, 404, "jurisdiction_id"),
        ({"service_code": "no-such"}, 404, "service_code"),
        ({"service_code": None}, 400, "service_code"),
        ({"lat": None, "long": None}, 400, "lat"),
        ({"lat": "NaN"}, 400, "lat"),
        ({"lat": "Infinity"}, 400, "lat"),
        ({"lat": "54,0887"}, 400, "lat"),
        ({"lat": "true"}, 400, "lat"),
        ({"lat": "0", "long": "0"}, 400, "lat"),
        ({"lat": "12.1405", "long": "54.0887"}, 400, "vertauscht"),
        ({"lat": "52.52", "long": "13.4"}, 400, "außerhalb"),
        ({"description": "a\x00b"}, 400, "description"),
        ({"description": "x" * 4001}, 400, "description"),
        ({"email": "x"}, 400, "email"),
        ({"media_url": "file:///etc/passwd"}, 400, "media_url"),
        ({"service_code": "light-broken"}, 400, "FAULT"),
        (
            {"service_code": "light-broken", "attribute[FAULT]": "purple"},
            400,
            "FAULT",
        ),
    ],
)
@pytest.mark.parametrize("form", ["json", "xml"])
async def test_errors_in_the_clients_format(
    post: Any, stack: Any, form: Any, changes: Any, status: Any, named: Any
) -> None:
    answer = await post(form, **changes)
    assert answer.status_code == status
    if form == "json":
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        errors = answer.json()
    else:
        assert answer.headers["content-type"] == "text/xml; charset=utf-8"
        root = fromstring(answer.text)
        assert root.tag == "errors"
        errors = [{one.tag: one.text for one in error} for error in root]
    assert errors
    assert all(set(error) == {"code", "description"} for error in errors)
    assert all(error["code"] == str(status) for error in errors)
    assert named in " ".join(error["description"] for error in errors)
    assert await stack.count("report") == 0


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/open311/v2/services/no-such.json", 404),
        ("GET", "/open311/v2/services.json?jurisdiction_id=boston.gov", 404),
        ("GET", "/open311/v2/requests/7ZZZZZZZ.json", 404),
        ("GET", "/open311/v2/requests/00000000.json", 404),
        ("GET", "/open311/v2/requests.json?status=unknown", 400),
        ("GET", "/open311/v2/requests.json?start_date=yesterday", 400),
        ("GET", "/open311/v2/requests.json?page=x", 400),
        ("GET", "/open311/v2/requests.json?start_date=0001-01-01T00:00:00Z", 200),
        ("GET", "/open311/v2/services.yaml", 404),
        ("GET", "/open311/v2/requests", 404),
        ("GET", "/open311/v2/nothing.json", 404),
        ("GET", "/open311/v2/", 404),
        ("DELETE", "/open311/v2/requests.json", 400),
        ("POST", "/open311/v2/services.json", 400),
        ("GET", "/open311/v2/requests/%00.json", 400),
    ],
)
async def test_every_address_answers_in_its_format(
    client: Any, method: Any, path: Any, status: Any
) -> None:
    answer = await client.request(method, path)
    assert answer.status_code == status
    if path.partition("?")[0].endswith(".json"):
        assert isinstance(answer.json(), list)
    else:
        assert fromstring(answer.text).tag == "errors"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"service_code": "road-pothole"}'),
        ("text/xml", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
        ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 2000)),
        ("application/x-www-form-urlencoded", b"\xff\xfe\x00"),
    ],
)
async def test_bodies_that_are_no_form(client: Any, content_type: Any, body: Any) -> None:
    answer = await client.post(
        f"{V2}/requests.json", content=body, headers={"Content-Type": content_type}
    )
    assert answer.status_code in {400, 403}
    assert answer.json()[0]["code"] == str(answer.status_code)


async def test_the_public_answer_obeys_the_policy(
    post: Any, client: Any, stack: Any, hear: Any
) -> None:
    number = (await post()).json()[0]["service_request_id"]
    (said,) = await stack.spoken(ReportSubmitted)
    (before,) = (await client.get(f"{V2}/requests/{number}.json")).json()
    assert before["status"] == "open"
    assert before["description"] is None
    assert before["agency_responsible"] is None
    assert before["media_url"] is None
    assert (before["lat"], before["address"]) == (54.0887, "Lange Straße 1")
    rostock = BodyRef(slug="rostock", name="Rostock")
    case = routed(said, rostock, PublicationPolicy(place="never"))
    await hear(
        case,
        CaseTextReleased(
            case_id=case.case_id, report_id=said.report_id, text="Loch, Tel. 0381 1234567"
        ),
    )
    (after,) = (await client.get(f"{V2}/requests/{number}.json")).json()
    assert after["agency_responsible"] == "Rostock"
    assert after["description"] == "Loch, Tel. […]"
    assert (after["lat"], after["long"], after["address"]) == (None, None, None)
    everything = json.dumps(after)
    for secret in ("anna", "Anna", "secret-device", "1234567", "example.org/loch"):
        assert secret not in everything


async def test_a_closed_request_keeps_its_closing_date(
    post: Any, client: Any, stack: Any, hear: Any
) -> None:
    number = (await post()).json()[0]["service_request_id"]
    (said,) = await stack.spoken(ReportSubmitted)
    rostock = BodyRef(slug="rostock", name="Rostock")
    case = routed(said, rostock, PublicationPolicy())
    closed_at = datetime(2026, 11, 24, 9, tzinfo=UTC)
    await hear(
        case,
        CaseStatusChanged(
            case_id=case.case_id,
            report_id=said.report_id,
            state="resolved",
            previous="accepted",
            message="Wir haben das Loch gefüllt. Fragen an bauhof@rostock.example.",
            body=rostock,
            changed_at=closed_at,
        ),
    )
    await hear(
        CaseTextReleased(case_id=case.case_id, report_id=said.report_id, text="Loch"),
        at=closed_at + timedelta(days=3),
    )
    (found,) = (await client.get(f"{V2}/requests/{number}.json")).json()
    assert found["status"] == "closed"
    assert found["updated_datetime"] == "2026-11-24T09:00:00Z"
    assert found["status_notes"] == "Wir haben das Loch gefüllt. Fragen an […]."
    assert [one["service_request_id"] for one in
            (await client.get(f"{V2}/requests.json?status=closed")).json()] == [number]  # fmt: skip
    assert (await client.get(f"{V2}/requests.json?status=open")).json() == []
    assert fromstring((await client.get(f"{V2}/requests.xml?status=open")).text).tag == (
        "service_requests"
    )


async def test_lists(post: Any, client: Any, stack: Any) -> None:
    numbers = [(await post()).json()[0]["service_request_id"] for _ in range(3)]
    await post(service_code="waste-needles")

    async def listed(**query: Any) -> Any:
        answer = await client.get(f"{V2}/requests.json", params=query)
        assert answer.status_code == 200, answer.text
        return [one["service_request_id"] for one in answer.json()]

    assert await listed(service_code="road-pothole") == numbers[::-1]
    assert await listed(service_request_id=f"{numbers[0]},{numbers[2].lower()}") == [
        numbers[2], numbers[0],
    ]  # fmt: skip
    assert await listed(service_request_id="nonsense") == []
    assert len(await listed(page_size="3")) == 3
    assert len(await listed(page_size="3", page="2")) == 1
    assert await listed(end_date="2020-01-01T00:00:00Z") == []
    now = datetime.now(UTC)
    micro = (now - timedelta(hours=1)).isoformat()
    assert len(await listed(start_date=micro)) == 4
    assert len(await listed(start_date=micro.replace("+", " "))) == 4
    assert await listed(start_date=(now + timedelta(days=1)).isoformat()) == []
    assert len(await listed(updated_after=micro)) == 4
    assert len(await listed(jurisdiction_id="melder-rostock.example")) == 4
    assert len(await listed(jurisdiction_id="")) == 4
    assert await listed(jurisdiction_id="13003000") == []


async def test_a_body_finds_what_it_ever_had(post: Any, client: Any, stack: Any, hear: Any) -> None:
    number = (await post()).json()[0]["service_request_id"]
    (said,) = await stack.spoken(ReportSubmitted)
    rostock = BodyRef(slug="rostock", name="Rostock")
    kreis = BodyRef(slug="landkreis-rostock", name="Landkreis Rostock")
    case = routed(said, rostock, PublicationPolicy())
    await hear(
        case,
        CaseHandedOver(
            case_id=case.case_id,
            report_id=said.report_id,
            step="accepted",
            sender=rostock,
            receiver=kreis,
            reason="Kreisstraße",
            changed_at=datetime.now(UTC),
        ),
    )
    for jurisdiction in ("rostock", "13003000", "hro", "landkreis-rostock", "13072"):
        answer = await client.get(f"{V2}/requests.json?jurisdiction_id={jurisdiction}")
        assert [one["service_request_id"] for one in answer.json()] == [number], jurisdiction
    assert answer.json()[0]["agency_responsible"] == "Landkreis Rostock"


async def test_a_quota_is_answered_with_429_in_format(
    make_stack: Any, catalogue_events: Any
) -> None:
    stack = await make_stack(catalogue=catalogue_events)
    async with stack.units.begin() as unit:
        key = await create_api_client(unit, name="slow", requests_per_minute=1)
    transport = httpx.ASGITransport(app=stack.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        data = GOOD | {"api_key": key}
        answers = [await client.post(f"{V2}/requests.json", data=data) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].json()[0]["code"] == "429"
    assert "retry-after" in answers[1].headers


async def test_keys_are_hashed_and_can_be_revoked(post: Any, stack: Any) -> None:
    async with stack.units.engine.connect() as connection:
        row = (await connection.execute(text("SELECT * FROM intake.api_client"))).one()
    assert stack.api_key not in str(row)
    async with stack.units.begin() as unit:
        await revoke_api_client(unit, "Stadt-App")
    assert await KnownClients(stack.units.engine).find(stack.api_key) is None


async def test_a_known_key_is_looked_up_again_after_some_seconds(stack: Any) -> None:
    now = [0.0]
    clients = KnownClients(stack.units.engine, clock=lambda: now[0])
    assert await clients.find(stack.api_key) is not None
    async with stack.units.begin() as unit:
        await revoke_api_client(unit, "Stadt-App")
    assert await clients.find(stack.api_key) is not None
    now[0] = REMEMBERED_S + 1
    assert await clients.find(stack.api_key) is None
