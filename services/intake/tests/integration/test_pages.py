"""Every page answers, follows the rules of pages, and never fails on odd input."""

import re
from typing import Any

import pytest

from melder_common.numbers import check_character
from melder_intake.http.report_fields import MAP_SIZE

PAGES = (
    "/", "/melden", "/meldungen", "/datenschutz", "/barrierefreiheit", "/impressum", "/docs",
)  # fmt: skip


@pytest.fixture
async def number(client: Any) -> str:
    data = {"service_code": "road-pothole", "lat": "54.1", "long": "12.1", "description": "Loch"}
    sent = await client.post("/melden", data=data)
    return str(sent.headers["location"]).split("/")[2]


@pytest.mark.parametrize("path", PAGES)
async def test_pages_answer(client: Any, path: str) -> None:
    page = await client.get(path)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert len(re.findall(r"<h1[ >]", page.text)) == 1
    assert not re.search(r"<[^>]+ (style|on[a-z]+)=", page.text)
    ids = re.findall(r' id="([^"]+)"', page.text)
    assert len(ids) == len(set(ids))


async def test_the_list_and_the_page(client: Any, number: str) -> None:
    for path in ("/", "/meldungen", "/meldungen?kategorie=road-pothole&zustand=offen"):
        assert f'href="/meldungen/{number}"' in (await client.get(path)).text
    page = await client.get(f"/meldungen/{number}")
    assert page.status_code == 200
    assert "Schlagloch" in page.text


@pytest.mark.parametrize(
    "query",
    [
        {"zustand": "erledigt"},
        {"kategorie": "light-broken"},
        {"stelle": "rostock"},
        {"suche": "Einhorn"},
        {"zustand": "erledigt", "kategorie": "x'; DROP TABLE", "suche": "a & | ! ( :*"},
        {"suche": "\x07", "stelle": "%", "kategorie": "Ünï"},
    ],
)
async def test_filters(client: Any, number: str, query: dict[str, str]) -> None:
    page = await client.get("/meldungen", params=query)
    assert page.status_code == 200
    if "\x07" not in str(query.get("suche")):
        assert number not in page.text


async def test_paging_shows_every_report_once(client: Any, stack: Any) -> None:
    data = {"service_code": "road-pothole", "lat": "54.1", "long": "12.1"}
    for _ in range(25):
        assert (await client.post("/melden", data=data)).status_code == 303
    seen: list[str] = []
    address: str | None = "/meldungen"
    while address:
        page = await client.get(address)
        seen += re.findall(r'm-card__link" href="/meldungen/(\w{8})"', page.text)
        following = re.search(r'href="([^"]+)" rel="next"', page.text)
        address = following[1].replace("&amp;", "&") if following else None
    assert len(seen) == len(set(seen)) == 25
    assert await stack.count("report") == 25


async def test_a_number_in_any_spelling_leads_to_its_page(client: Any, number: str) -> None:
    typed = f" {number[:4].lower()}-{number[4:].lower()} "
    for path, query in (("/meldungen/suche", {"nummer": typed}), (f"/meldungen/{typed}", None)):
        answer = await client.get(path, params=query)
        assert answer.headers["location"] == f"/meldungen/{number}"


@pytest.mark.parametrize("text", ["", "x", "12345678", "<script>", "ÄÖÜ", "9" * 500])
async def test_numbers_that_cannot_be(client: Any, text: str) -> None:
    answer = await client.get("/meldungen/suche", params={"nummer": text})
    assert answer.status_code == 404
    assert "Diese Nummer stimmt nicht" in answer.text


async def test_a_number_that_nobody_has(client: Any) -> None:
    number = "0000000" + check_character("0000000")
    assert (await client.get(f"/meldungen/{number}")).status_code == 404


async def test_markup_in_texts_is_shown_as_text(client: Any, number: str, hear: Any) -> None:
    page = await client.get("/meldungen", params={"suche": '"><script>alert(1)</script>'})
    assert "<script>alert" not in page.text


@pytest.mark.parametrize(
    "query", [{}, {"map_lat": "NaN"}, {"map_lat": "54", "map_long": "12", "map_m": "1e99"},
              {"lat": "x", "long": "<"}, {"lat": "54.1", "long": "12.1"}],
)  # fmt: skip
async def test_the_picture_of_the_region(client: Any, query: dict[str, str]) -> None:
    drawn = await client.get("/melden/karte.svg", params=query)
    assert drawn.status_code == 200
    assert drawn.text.startswith("<svg")
    again = await client.get(
        "/melden/karte.svg", params=query, headers={"If-None-Match": drawn.headers["etag"]}
    )
    assert again.status_code == 304


async def test_the_questions_style_names_every_category(client: Any) -> None:
    styles = await client.get("/melden/kategorien.css")
    assert styles.headers["content-type"].startswith("text/css")
    assert f"inline-size: {MAP_SIZE[0]}px; block-size: {MAP_SIZE[1]}px" in styles.text
    for slug in ("road-pothole", "light-broken", "waste-needles"):
        assert f'[data-for-category="{slug}"]' in styles.text


async def test_openapi_describes_the_interfaces(client: Any) -> None:
    described = (await client.get("/openapi.json")).json()
    assert "/open311/v2/requests.{form}" in described["paths"]
