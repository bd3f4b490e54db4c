"""The queue list: order, filters, paging by key, and numbers beside the menu."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from melder_common.clock import utc_now
from melder_common.event_values import BodyRef
from melder_routing.store.case_tables import case
from melder_routing.store.desk_list import PAGE

pytestmark = pytest.mark.integration

NARROWED = '<details class="m-fold" open>'
KREIS = BodyRef(slug="kreis", name="Landkreis Mitte")


async def numbers(clerk: Any, address: str = "/desk/") -> list[str]:
    answer = await clerk.client.get(address)
    assert answer.status_code == 200, answer.text
    return re.findall(r'href="/desk/cases/(\w+)"', answer.text)


async def walk(clerk: Any, address: str = "/desk/") -> list[str]:
    """All numbers, page by page."""
    found: list[str] = []
    while address:
        page = (await clerk.client.get(address)).text
        found += re.findall(r'href="/desk/cases/(\w+)"', page)
        following = re.search(r'href="([^"]+)"[^>]*rel="next"', page)
        address = following.group(1).replace("&amp;", "&") if following else ""
    return found


async def test_hazard_comes_first_then_what_is_due_first(world: Any, anna: Any) -> None:
    now = utc_now()
    late = await world.open_case(submitted_at=now - timedelta(days=20))
    fresh = await world.open_case(submitted_at=now)
    hazard = await world.open_case(submitted_at=now, hazard=True)
    expected = [one.report.number for one in (hazard, late, fresh)]
    assert await numbers(anna) == expected
    page = (await anna.client.get("/desk/?view=late")).text
    assert re.findall(r'href="/desk/cases/(\w+)"', page) == expected[1:2]
    assert "überfällig" in page


@pytest.mark.parametrize("hazards", [0, PAGE + 3])
async def test_pages_lose_and_repeat_nothing(world: Any, anna: Any, hazards: int) -> None:
    made = [(await world.open_case(hazard=n < hazards)).report.number for n in range(2 * PAGE + 5)]
    async with world.worker.begin() as unit:
        await unit.connection.execute(update(case).values(due_at=unit.now))
    seen = await walk(anna)
    assert sorted(seen) == sorted(made)
    assert set(seen[:hazards]) == set(made[:hazards])


async def test_closed_cases_come_newest_first_page_by_page(world: Any, anna: Any) -> None:
    made = [(await world.open_case()).report.number for _ in range(PAGE + 2)]
    async with world.worker.begin() as unit:
        for n, number in enumerate(made):
            closed = {"state": "resolved", "closed_at": unit.now + timedelta(seconds=n // 2)}
            chosen = update(case).where(case.c.number == number)
            await unit.connection.execute(chosen.values(closed))
    seen = await walk(anna, "/desk/?state=closed")
    assert sorted(seen) == sorted(made)
    assert {seen[0], seen[1]} == set(made[-2:])
    assert await numbers(anna) == []


async def test_views_and_filters_narrow(world: Any, anna: Any) -> None:
    mine, other = [(await world.open_case()).report.number for _ in range(2)]
    border = (await world.open_case(candidates=(KREIS,))).report.number
    await anna.do(mine, "claim")
    await anna.do(other, "hide-text")
    await anna.do(other, "accept")
    for address, expected in (
        ("/desk/?view=mine", {mine}),
        ("/desk/?view=review", {mine, border}),
        ("/desk/?border=1", {border}),
        ("/desk/?state=accepted", {other}),
        ("/desk/?category=lamp", {mine, other, border}),
        ("/desk/?category=other", set()),
        ("/desk/?body=nord", {mine, other, border}),
        ("/desk/?queue=nord", {mine, other, border}),
        ("/desk/?queue=sued", set()),
        ("/desk/?after=nonsense&view=nonsense", {mine, other, border}),
    ):
        assert set(await numbers(anna, address)) == expected, address


async def test_a_case_in_several_ways_of_a_scope_is_listed_once(world: Any) -> None:
    number = (await world.open_case()).report.number
    reader = await world.sign_in("lena@nord.example")
    assert await numbers(reader) == [number]


async def test_the_menu_counts_open_cases(world: Any, anna: Any) -> None:
    for _ in range(2):
        await world.open_case()
    page = (await anna.client.get("/desk/")).text
    assert re.search(r"Korb Stadt Nord</span>.*?m-count.*?</span>2</span>", page, re.DOTALL)


async def test_a_number_opens_its_case_however_it_is_typed(world: Any, anna: Any) -> None:
    number = (await world.open_case()).report.number
    answer = await anna.client.get("/desk/", params={"number": f" {number.lower()} "})
    assert answer.headers["location"] == f"/desk/cases/{number}"
    lower = await anna.client.get(f"/desk/cases/{number.lower()}")
    assert lower.headers["location"] == f"/desk/cases/{number}"
    assert (await anna.client.get("/desk/cases/nonsense")).status_code == 404


async def test_a_number_that_cannot_be_one_is_told(anna: Any) -> None:
    told = "Diese Nummer gibt es nicht."
    assert told in (await anna.client.get("/desk/?number=abc")).text
    assert told not in (await anna.client.get("/desk/?number=")).text


async def test_the_filter_stands_open_while_it_narrows(world: Any, anna: Any) -> None:
    for _ in range(PAGE + 1):
        await world.open_case()
    first = (await anna.client.get("/desk/")).text
    assert NARROWED not in first
    following = re.findall(r'href="(/desk/\?after=[^"]+)"', first)
    assert NARROWED not in (await anna.client.get(html.unescape(following[0]))).text
    filtered = (await anna.client.get("/desk/?view=review&category=lamp")).text
    assert NARROWED in filtered
    assert re.search(r'href="/desk/\?view=review" aria-current="page"', filtered)


async def test_an_empty_desk_says_so(anna: Any) -> None:
    assert "Hier liegt gerade nichts" in (await anna.client.get("/desk/")).text
    assert "Kein Fall passt" in (await anna.client.get("/desk/?category=lamp")).text
    assert "Keine Grenzfälle" in (await anna.client.get("/desk/border")).text


async def test_the_map_is_drawn_without_borders_too(world: Any, anna: Any) -> None:
    number = (await world.open_case()).report.number
    answer = await anna.client.get(f"/desk/cases/{number}/map.svg")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.text.startswith("<svg")
