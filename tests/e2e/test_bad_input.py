"""What is wrong gets a clear answer in its own format; nothing is lost, nothing answers 500.

Formats: a page with what was typed, an Open311 errors document in JSON or XML, problem+json.
"""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import uuid4

import httpx
import pytest

from melder_local.page_forms import form_to
from melder_local.people import Citizen
from melder_local.system import System, eventually

from .answers import (
    GOOD,
    app,
    citizen,
    marked,
    open311_errors,
    page_text,
    problem,
    report_form,
    shown_once,
    still_typed,
    web,
)
from .pictures import photo_from_a_phone, pixel_bomb

__all__ = ["app", "citizen", "web"]

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("system")]

MB = 1_000_000

Files = list[tuple[str, tuple[str, bytes, str]]]


@dataclass(frozen=True, slots=True)
class Mistake:
    """Fields put in place of good ones, and what the answer must say.

    ``field``: the parameter an Open311 error names; ``api_status``: 404 for unknown services.
    """

    wrong: Mapping[str, str]
    told: str
    field: str
    api_status: int = 400


MISTAKES = {
    "no category": Mistake({"service_code": ""}, "worum es geht", "service_code"),
    "unknown category": Mistake(
        {"service_code": "unicorns"}, "Diese Kategorie gibt es nicht", "service_code", 404
    ),
    "no place": Mistake({"lat": "", "long": ""}, "Koordinaten", "lat, long"),
    "half a place": Mistake({"long": ""}, "Koordinate", "long"),
    "not a number": Mistake({"lat": "NaN"}, "keine", "lat"),
    "infinite": Mistake({"long": "1e999"}, "keine", "long"),
    "words for a number": Mistake({"lat": "links oben"}, "keine Koordinate", "lat"),
    "beyond the pole": Mistake({"lat": "91"}, "zu groß", "lat"),
    "swapped": Mistake({"lat": "12.27", "long": "54.08"}, "vertauscht", "lat, long"),
    "zero": Mistake({"lat": "0", "long": "0"}, "Atlantik", "lat, long"),
    "outside": Mistake({"lat": "52.52", "long": "13.405"}, "außerhalb", "lat, long"),
    "next door": Mistake(
        {"lat": "53.63", "long": "11.41"}, "Landeshauptstadt Schwerin", "lat, long"
    ),
    "NUL byte": Mistake({"description": "Loch\0mit Loch"}, "Steuerzeichen", "description"),
    "too long": Mistake({"description": "lang " * 900}, "zu lang", "description"),
    "bad address": Mistake({"email": "kein at"}, "E-Mail-Adresse stimmt nicht", "email"),
    "unanswered question": Mistake(
        {"service_code": "light-broken"}, "beantworten Sie", "attribute[fault]"
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_the_form_comes_back_with_what_was_typed(
    web: httpx.Client, citizen: Citizen, mistake: Mistake
) -> None:
    words = marked()
    fields = {**GOOD, "description": words, "name": "Kim", **mistake.wrong}

    answer = web.post("/melden", data=report_form(web).filled(**fields))

    page = page_text(answer, 422)
    assert mistake.told in page
    assert 'role="alert"' in page
    kept = form_to(page, "/melden").filled()
    assert kept["name"] == ["Kim"]
    assert kept["lat"] == [fields["lat"]]
    expected = fields["description"].replace("\0", "").strip()
    assert still_typed(page).replace("\0", "").replace("\ufffd", "").strip() == expected
    assert not citizen.shown_texts(words)


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_apps_read_an_errors_document(
    system: System, app: httpx.Client, citizen: Citizen, mistake: Mistake, form: str
) -> None:
    words = marked()
    key = system.info()["OPEN311_KEY"]
    fields = {"api_key": key, **GOOD, "description": words, **mistake.wrong}

    answer = app.post(f"/open311/v2/requests.{form}", data=fields)

    errors = open311_errors(answer, form, mistake.api_status)
    assert errors[0][0] == str(mistake.api_status)
    assert any(mistake.field in told and mistake.told in told for _, told in errors), errors
    assert not citizen.shown_texts(words)


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize("key", ["", "melder_wrong", "melder_\0", "ü" * 300])
def test_a_wrong_key_is_refused(app: httpx.Client, form: str, key: str) -> None:
    answer = app.post(f"/open311/v2/requests.{form}", data={**GOOD, "api_key": key})
    ((code, told),) = open311_errors(answer, form, 403)
    assert code == "403"
    assert "api_key" in told


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", "lat"),
        ("lat=NaN&long=12.27", "lat"),
        ("lat=54.08&long=inf", "long"),
        ("lat=12.27&long=54.08", "swap"),
        ("lat=54.08&long=12.27&service_code=unicorns", "service_code"),
    ],
)
def test_responsibility_answers_with_a_problem(app: httpx.Client, query: str, told: str) -> None:
    assert told in json.dumps(problem(app.get(f"/api/responsibility?{query}"), 422))


@dataclass(frozen=True, slots=True)
class BadFile:
    """A file that is no usable photo, and the status of an upload's refusal."""

    make: Callable[[], bytes]
    status: int
    told: str
    told_programs: str = ""


BAD_FILES = {
    "50 MB": BadFile(
        lambda: photo_from_a_phone(54.08, 12.27).ljust(50 * MB, b"\0"),
        413,
        "zu groß",
        told_programs="at most",
    ),
    "pixel bomb": BadFile(pixel_bomb, 413, "zu viele Bildpunkte"),
    "text": BadFile(lambda: b"Das ist kein Foto.\n" * 50, 415, "kein Foto"),
    "half a photo": BadFile(lambda: photo_from_a_phone(54.08, 12.27)[:2000], 422, "beschädigt"),
    "nothing": BadFile(lambda: b"", 422, "kein Foto an"),
}


@pytest.mark.parametrize("file", BAD_FILES.values(), ids=BAD_FILES)
def test_an_upload_says_what_is_wrong_with_the_file(
    web: httpx.Client, app: httpx.Client, file: BadFile
) -> None:
    sent: Files = [("photo", ("schaden.jpg", file.make(), "image/jpeg"))]

    for_scripts = app.post("/photos/", files=sent, headers={"Accept": "application/json"})
    for_people = web.post("/photos/", files=sent, data={"return_to": "/melden"})

    told_programs = file.told_programs or file.told
    assert told_programs in str(problem(for_scripts, file.status)["detail"])
    assert file.told in page_text(for_people, file.status)


@pytest.mark.parametrize("name", ["pixel bomb", "text", "half a photo"])
@pytest.mark.parametrize("door", ["web", "open311"])
def test_a_report_is_kept_whatever_its_photo_turns_out_to_be(
    citizen: Citizen, door: str, name: str
) -> None:
    words = marked()
    fields = {**GOOD, "description": words}
    photos = (BAD_FILES[name].make(),)

    if door == "web":
        filed = citizen.report_by_web(fields, photos)
        told = "Das Foto konnten wir nicht verwenden."
        eventually(lambda: told in citizen.open(filed.tracking or ""), what=f"{told!r}")
    else:
        filed = citizen.report_by_app(fields, photos)

    shown = eventually(lambda: citizen.routed(filed.number), what="routing")
    assert shown["description"] == words
    assert shown["media_url"] is None


@pytest.mark.parametrize("size", [50 * MB, 120 * MB], ids=["50 MB", "120 MB"])
def test_too_large_photos_are_refused_in_the_format_of_the_door(
    system: System, web: httpx.Client, app: httpx.Client, size: int
) -> None:
    words = marked()
    huge: Files = [("photo", ("schaden.jpg", bytes(size), "image/jpeg"))]
    fields = {**GOOD, "description": words, "api_key": system.info()["OPEN311_KEY"]}

    typed = report_form(web).filled(**GOOD, description=words)
    page = web.post("/melden", data=typed, files=huge)
    document = app.post("/open311/v2/requests.xml", data=fields, files=huge)

    if size == 50 * MB:
        assert still_typed(page_text(page, 422)) == words
    else:
        assert "data-melder-back" in page_text(page, 413)
    assert open311_errors(document, "xml", 400)


def test_a_double_click_sends_one_report(web: httpx.Client, citizen: Citizen) -> None:
    words = marked()
    form = report_form(web).filled(**GOOD, description=words)

    with ThreadPoolExecutor(2) as hand:
        clicks = [hand.submit(web.post, "/melden", data=form) for _ in range(2)]
        answers = [click.result() for click in clicks]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert shown_once(citizen, words)


def test_a_form_sent_again_with_other_words_says_so_and_keeps_them(
    web: httpx.Client, citizen: Citizen
) -> None:
    first, second = marked(), marked()
    form = report_form(web)

    assert web.post("/melden", data=form.filled(**GOOD, description=first)).status_code == 303
    again = web.post("/melden", data=form.filled(**GOOD, description=second))

    page = page_text(again, 409)
    assert "schon einmal gesendet" in page
    assert still_typed(page) == second
    assert shown_once(citizen, first)
    assert not citizen.shown_texts(second)


@pytest.mark.parametrize("form", ["json", "xml"])
def test_an_app_that_tries_again_files_one_report(
    system: System, app: httpx.Client, citizen: Citizen, form: str
) -> None:
    words = marked()
    headers = {"Idempotency-Key": uuid4().hex}
    fields = {**GOOD, "api_key": system.info()["OPEN311_KEY"], "description": words}

    def post(**other: str) -> httpx.Response:
        return app.post(f"/open311/v2/requests.{form}", data=fields | other, headers=headers)

    with ThreadPoolExecutor(2) as wires:
        tries = [wires.submit(post) for _ in range(2)]
        answers = [one.result() for one in tries]

    assert answers[0].status_code == 200
    assert answers[0].content == answers[1].content
    assert shown_once(citizen, words)
    ((_, told),) = open311_errors(post(description=marked()), form, 400)
    assert "Idempotency-Key" in told


@pytest.fixture(scope="module")
def tracking(citizen: Citizen) -> str:
    """The path of a reporter's own page."""
    return citizen.report_by_web({**GOOD, "description": marked()}).tracking or ""


@pytest.mark.parametrize("text", ["", "   ", "Nach\0klang", "viel " * 900])
def test_the_tracking_page_keeps_what_it_cannot_send(
    web: httpx.Client, tracking: str, text: str
) -> None:
    form = form_to(web.get(tracking).text, "/antwort")

    page = page_text(web.post(form.action, data=form.filled(text=text)), 422)

    assert 'role="alert"' in page
    (kept,) = form_to(page, "/antwort").filled()["text"]
    assert kept.replace("\0", "").replace("\ufffd", "").strip() == text.replace("\0", "").strip()


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize(
    "path",
    [
        "requests.{}?start_date=yesterday", "requests.{}?page_size=-1", "requests.{}?status=x",
        "requests/UNICORN1.{}", "requests/%00.{}", "services/unicorns.{}", "nowhere.{}",
        "services.{}?jurisdiction_id=elsewhere.example",
    ],
)  # fmt: skip
def test_open311_reads_refuse_in_their_format(app: httpx.Client, path: str, form: str) -> None:
    answer = app.get(f"/open311/v2/{path.format(form)}")
    unknown = "?" not in path and "%00" not in path
    assert open311_errors(answer, form, 404 if unknown or "jurisdiction" in path else 400)
