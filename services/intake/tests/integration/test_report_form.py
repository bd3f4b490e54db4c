"""The form without scripts: every step keeps what was typed, and one click is one report."""

import asyncio
import re
from typing import Any

import httpx
import pytest

from melder_common.events import ReportSubmitted
from melder_intake.http.report_fields import MAP_SIZE
from melder_intake.store.responsibility import Responsibility

GOOD = {
    "service_code": "road-pothole",
    "lat": "54,0887",
    "long": "12.1405",
    "description": "Tiefes Loch & <b>nass</b>",
    "address": "Lange Straße 1",
    "email": "anna@example.org",
    "step": "senden",
}


def first(pattern: str, text: str) -> str:
    """The first group of ``pattern`` in ``text``, which must be there."""
    found = re.search(pattern, text, re.DOTALL)
    assert found, pattern
    return found[1]


JPEG = b"\xff\xd8\xff" + b"x" * 5000


async def test_a_report_in_one_request(client: Any, stack: Any, form_token: Any) -> None:
    form = await client.get("/melden")
    data = GOOD | {"form_token": form_token(form.text)}
    sent = await client.post("/melden", data=data)
    assert sent.status_code == 303
    page = await client.get(sent.headers["location"])
    assert page.status_code == 200
    assert "Danke für Ihre Meldung" in page.text
    (said,) = await stack.spoken(ReportSubmitted)
    assert said.number in page.text
    assert (said.place.lat, said.place.long) == (54.0887, 12.1405)
    assert said.description == "Tiefes Loch & <b>nass</b>"


async def test_a_double_click_is_one_report(client: Any, stack: Any, form_token: Any) -> None:
    token = form_token((await client.get("/melden")).text)
    sendings = [client.post("/melden", data=GOOD | {"form_token": token}) for _ in range(3)]
    answers = await asyncio.gather(*sendings)
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert await stack.count("report") == 1


async def test_a_used_form_with_new_words_is_shown_again(
    client: Any, stack: Any, form_token: Any
) -> None:
    token = form_token((await client.get("/melden")).text)
    await client.post("/melden", data=GOOD | {"form_token": token})
    other = GOOD | {"form_token": token, "description": "Etwas anderes"}
    again = await client.post("/melden", data=other)
    assert again.status_code == 409
    assert "Etwas anderes" in again.text
    assert "schon einmal gesendet" in again.text
    fresh = form_token(again.text)
    assert fresh != token
    assert (await client.post("/melden", data=other | {"form_token": fresh})).status_code == 303
    assert await stack.count("report") == 2


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"service_code": ""}, "Bitte wählen Sie aus, worum es geht."),
        ({"service_code": "no-such"}, "Diese Kategorie gibt es nicht."),
        ({"lat": "", "long": ""}, "Bitte markieren Sie die Stelle"),
        ({"lat": "NaN"}, "keine endliche Zahl"),
        ({"lat": "abc"}, "keine Koordinate"),
        ({"lat": "0", "long": "0"}, "liegen im Atlantik"),
        ({"lat": "12.1405", "long": "54.0887"}, "vertauscht"),
        ({"lat": "52.52", "long": "13.4"}, "außerhalb unseres Gebiets"),
        ({"email": "anna"}, "Die E-Mail-Adresse stimmt nicht."),
        ({"phone": "abc"}, "Die Telefonnummer stimmt nicht."),
        ({"description": "Loch \x00"}, "Steuerzeichen"),
        ({"description": "x" * 5000}, "höchstens 4000 Zeichen"),
        ({"service_code": "light-broken"}, "Bitte beantworten Sie die Frage „Was ist mit ihr?“."),
    ],
)
async def test_a_mistake_is_named_and_nothing_typed_is_lost(
    client: Any, stack: Any, changes: Any, told: Any
) -> None:
    typed = GOOD | changes
    answer = await client.post("/melden", data=typed)
    assert answer.status_code == 422
    assert told in answer.text
    assert 'id="place"' in answer.text
    for value in ("Lange Straße 1", typed["email"]):
        assert value in answer.text
    if typed["description"] == GOOD["description"]:
        assert "Tiefes Loch &amp; &lt;b&gt;nass&lt;/b&gt;" in answer.text
    assert await stack.count("report") == 0


async def test_errors_link_to_elements_that_exist(client: Any) -> None:
    answer = await client.post("/melden", data={"step": "senden", "email": "x"})
    summary = first(r'm-error-summary__list">(.*?)</ul>', answer.text)
    targets = re.findall(r'href="#([^"]+)"', summary)
    assert set(targets) == {"service_code", "place", "email"}
    assert all(f'id="{target}"' in answer.text for target in targets)


async def test_questions_of_the_category(client: Any, stack: Any) -> None:
    asked = await client.post(
        "/melden", data=GOOD | {"service_code": "light-broken", "step": "weiter"}
    )
    assert asked.status_code == 200
    assert re.search(r'class="[^"]*is-chosen[^"]*" data-for-category="light-broken"', asked.text)
    answers = {
        "service_code": "light-broken",
        "q.light-broken.FAULT": "dark",
        "q.light-broken.LAMP": "17",
        "q.light-broken.SIGNS": ["open", "bent"],
    }
    sent = await client.post("/melden", data=GOOD | answers)
    assert sent.status_code == 303
    (said,) = await stack.spoken(ReportSubmitted)
    assert said.attributes == {"FAULT": ("dark",), "LAMP": ("17",), "SIGNS": ("open", "bent")}


async def test_a_click_on_the_picture_is_a_place(client: Any) -> None:
    form = await client.get("/melden")
    view = {
        name: first(rf'name="{name}" value="([^"]+)"', form.text)
        for name in ("map_lat", "map_long", "map_m")
    }
    clicked = await client.post(
        "/melden", data=view | {"map.x": str(MAP_SIZE[0] // 2), "map.y": str(MAP_SIZE[1] // 2)}
    )
    assert clicked.status_code == 200
    lat = first(r'name="lat" value="([^"]+)"', clicked.text)
    long = first(r'name="long" value="([^"]+)"', clicked.text)
    assert (float(lat), float(long)) == pytest.approx((54.05, 12.2), abs=0.001)
    picture = first(r'src="(/melden/karte.svg[^"]+)"', clicked.text)
    drawn = await client.get(picture.replace("&amp;", "&"))
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert "#c31c13" in drawn.text


async def test_the_preview_shows_what_becomes_public(client: Any, stack: Any) -> None:
    typed = GOOD | {"description": "Loch, Tel. 0381 1234567", "step": "vorschau"}
    answer = await client.post("/melden", data=typed)
    assert answer.status_code == 200
    preview = first(r'id="vorschau"(.*?)</div>', answer.text)
    assert "Loch" in preview
    assert "1234567" not in preview
    assert await stack.count("report") == 0


async def test_photos_travel_with_the_form(client: Any, stack: Any) -> None:
    files = [("photo", ("a.jpg", JPEG, "image/jpeg")), ("photo", ("", b"", "image/jpeg"))]
    sent = await client.post("/melden", data=GOOD, files=files)
    assert sent.status_code == 303
    (said,) = await stack.spoken(ReportSubmitted)
    assert len(said.photos) == 1


async def test_photos_survive_a_mistake(client: Any, stack: Any) -> None:
    files = {"photo": ("a.jpg", JPEG, "image/jpeg")}
    back = await client.post("/melden", data=GOOD | {"email": "x"}, files=files)
    draft = first(r'name="photo_draft" value="([^"]+)"', back.text)
    assert (await client.post("/melden", data=GOOD | {"photo_draft": draft})).status_code == 303
    (said,) = await stack.spoken(ReportSubmitted)
    assert str(said.photos[0].photo_id) == draft.partition(".")[0]
    assert await stack.count("due") == 1


async def test_a_draft_photo_can_be_claimed_once(client: Any, stack: Any) -> None:
    files = {"photo": ("a.jpg", JPEG, "image/jpeg")}
    back = await client.post("/melden", data=GOOD | {"email": "x"}, files=files)
    draft = first(r'name="photo_draft" value="([^"]+)"', back.text)
    await client.post("/melden", data=GOOD | {"photo_draft": draft})
    second = await client.post(
        "/melden", data=GOOD | {"photo_draft": draft, "description": "anders"}
    )
    assert second.headers["location"].endswith("fotos=verloren")
    said = await stack.spoken(ReportSubmitted)
    assert [len(one.photos) for one in said] == [1, 0]


async def test_photos_uploaded_before_are_claimed(client: Any, stack: Any) -> None:
    claim = "0192f7c8-5d5e-7b3a-9c1d-000000000001.token"
    page = await client.get("/melden", params={"photo": claim})
    assert f'value="{claim}"' in page.text
    await client.post("/melden", data=GOOD | {"photo_claim": claim})
    (said,) = await stack.spoken(ReportSubmitted)
    assert said.photos[0].upload_token == "token"


async def test_a_photo_that_is_too_large_costs_no_text(
    make_stack: Any, catalogue_events: Any
) -> None:
    stack = await make_stack(catalogue=catalogue_events, photo_bytes=100_000)
    transport = httpx.ASGITransport(app=stack.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        files = {"photo": ("a.jpg", b"x" * 100_001, "image/jpeg")}
        answer = await client.post("/melden", data=GOOD, files=files)
    assert answer.status_code == 422
    assert "Das Foto ist zu groß" in answer.text
    assert "Lange Straße 1" in answer.text


async def test_a_body_beyond_all_limits(make_stack: Any, catalogue_events: Any) -> None:
    stack = await make_stack(catalogue=catalogue_events, request_bytes=1_000_000)
    transport = httpx.ASGITransport(app=stack.app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", headers={"Accept": "text/html"}
    ) as client:
        files = {"photo": ("a.jpg", b"x" * 1_100_000, "image/jpeg")}
        answer = await client.post("/melden", data=GOOD, files=files)
    assert answer.status_code == 413
    assert "text/html" in answer.headers["content-type"]


async def test_hazard_and_trap(client: Any, stack: Any) -> None:
    await client.post("/melden", data=GOOD | {"hazard": "ja", "website": "http://spam.example"})
    (said,) = await stack.spoken(ReportSubmitted)
    assert said.hazard
    assert said.signals == ("honeypot",)


def _routing(stack: Any, answer: Any) -> list[dict[str, str]]:
    """Let routing say ``answer``; the queries it is asked."""
    asked: list[dict[str, str]] = []

    def say(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.url.params))
        return httpx.Response(200, json=answer)

    client = httpx.AsyncClient(transport=httpx.MockTransport(say), base_url="http://routing")
    object.__setattr__(stack.parts, "responsibility", Responsibility(client, wait_s=0.3))
    return asked


async def test_outside_names_who_serves_the_place(client: Any, stack: Any) -> None:
    serving = {"name": "Berlin", "contact": "ordnungsamt.berlin.example"}
    _routing(stack, {"status": "outside", "reason": "", "serving_body": serving})
    answer = await client.post("/melden", data=GOOD | {"lat": "52.52", "long": "13.4"})
    assert "Dort hilft Ihnen: Berlin (ordnungsamt.berlin.example)." in answer.text
    assert await stack.count("report") == 0


DECIDED = {
    "status": "decided",
    "responsible": {"slug": "rostock", "name": "Rostock"},
    "reason": "Nach unseren Daten zuständig ist Rostock.",
}


async def test_the_hint_says_who_is_responsible(client: Any, stack: Any) -> None:
    _routing(stack, DECIDED)
    answer = await client.post("/melden", data=GOOD | {"step": "weiter"})
    assert "Zuständig: Rostock" in answer.text
    assert "Nach unseren Daten zuständig ist Rostock." in answer.text


async def test_who_takes_no_part_is_named_all_the_same(client: Any, stack: Any) -> None:
    office = {"slug": "strassenbauamt", "name": "Straßenbauamt", "contact": "Telefon 115"}
    unserved = {
        "status": "unserved",
        "responsible": None,
        "working": {"slug": "kreis", "name": "Landkreis"},
        "reason": "Wie es weitergeht, klärt der Landkreis.",
        "serving_body": office,
    }
    _routing(stack, unserved)
    answer = await client.post("/melden", data=GOOD | {"step": "weiter"})
    assert "Zuständig: Straßenbauamt (nimmt hier nicht teil)" in answer.text
    _routing(stack, unserved | {"serving_body": unserved["working"]})
    answer = await client.post("/melden", data=GOOD | {"step": "weiter"})
    assert "Zuständigkeit wird geklärt" in answer.text


@pytest.mark.parametrize("doubt", ["border", "snapped"])
async def test_near_a_border_the_hint_is_no_promise(client: Any, stack: Any, doubt: str) -> None:
    _routing(stack, DECIDED | {doubt: True, "reason": "8 m von der Grenze zu Rövershagen."})
    answer = await client.post("/melden", data=GOOD | {"step": "weiter"})
    assert "Voraussichtlich zuständig: Rostock" in answer.text
    assert "8 m von der Grenze zu Rövershagen." in answer.text


async def test_the_hint_knows_accuracy_and_the_number_of_the_lamp(client: Any, stack: Any) -> None:
    asked = _routing(stack, DECIDED)
    facts = {"accuracy_m": "40,5", "asset_id": " L-4711 "}
    await client.post("/melden", data=GOOD | facts | {"step": "weiter"})
    (query,) = asked
    assert query["service_code"] == "road-pothole"
    assert (query["accuracy_m"], query["asset_id"]) == ("40.5", "L-4711")


async def test_a_scanned_lamp_opens_the_form_with_its_number(client: Any, stack: Any) -> None:
    asked = _routing(stack, DECIDED)
    form = await client.get("/melden?lat=54.08&long=12.14&asset_id=L-4711&accuracy_m=7")
    assert first(r"(<details[^>]*) open>", form.text)
    assert first(r'name="asset_id"[^>]* value="([^"]+)"', form.text) == "L-4711"
    assert (asked[0]["asset_id"], asked[0]["accuracy_m"]) == ("L-4711", "7")


async def test_the_number_of_the_lamp_goes_with_the_report(client: Any, stack: Any) -> None:
    sent = await client.post("/melden", data=GOOD | {"asset_id": "L-4711", "accuracy_m": "12"})
    assert sent.status_code == 303
    (said,) = await stack.spoken(ReportSubmitted)
    assert (said.place.asset_id, said.place.accuracy_m) == ("L-4711", 12)


async def test_a_number_no_lamp_has_is_told_and_kept(client: Any, stack: Any) -> None:
    asked = _routing(stack, DECIDED)
    answer = await client.post("/melden", data=GOOD | {"asset_id": "L" * 121})
    assert answer.status_code == 422
    assert "höchstens 120 Zeichen" in answer.text
    assert "L" * 121 in answer.text
    assert "asset_id" not in asked[0]
    assert await stack.count("report") == 0


async def test_without_routing_the_form_works_and_says_that_the_answer_follows(
    client: Any, stack: Any
) -> None:
    answer = await client.post("/melden", data=GOOD | {"step": "weiter"})
    assert answer.status_code == 200
    assert "Wer zuständig ist, klären wir nach dem Absenden." in answer.text
    assert (await client.post("/melden", data=GOOD)).status_code == 303
    assert await stack.count("report") == 1


async def test_without_a_place_nobody_is_named_yet(client: Any) -> None:
    form = await client.get("/melden")
    assert "Wer zuständig ist, klären wir" not in form.text


async def test_another_site_cannot_send_the_form(client: Any, stack: Any) -> None:
    answer = await client.post("/melden", data=GOOD, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert await stack.count("report") == 0


async def test_too_many_reports_from_one_place(make_stack: Any, catalogue_events: Any) -> None:
    stack = await make_stack(catalogue=catalogue_events, reports_per_minute=2)
    transport = httpx.ASGITransport(app=stack.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answers = [await client.post("/melden", data=GOOD) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 429]
    assert int(answers[2].headers["retry-after"]) > 0


async def test_before_the_first_catalogue(make_stack: Any, catalogue_events: Any) -> None:
    stack = await make_stack(catalogue=catalogue_events[:-1])
    transport = httpx.ASGITransport(app=stack.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        assert (await client.get("/healthz/ready")).status_code == 503
        for path in ("/", "/melden", "/open311/v2/services.json"):
            answer = await client.get(path)
            assert answer.status_code == 503, path
            assert "retry-after" in answer.headers
        assert (await client.get("/datenschutz")).status_code == 200
