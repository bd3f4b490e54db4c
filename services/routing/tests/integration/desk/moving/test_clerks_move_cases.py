"""Clerks move the pin or correct the category: the place is decided anew."""

from typing import Any

import pytest
from sqlalchemy import text

from melder_common.event_values import CaseState, PublicationPolicy
from melder_common.events import (
    CaseRecategorised,
    CaseRelocated,
    CaseRouted,
    CaseStatusChanged,
)

from .two_towns import SUED, kinds, move

pytestmark = pytest.mark.integration


async def test_a_pin_moved_over_the_border_goes_to_the_neighbour(place: Any, anna: Any) -> None:
    number = (await place.open_case()).report.number
    await anna.do(number, "accept")
    answer = await anna.send(number, "place", None, lat="54,05", long="12,1")
    assert answer.headers["location"] == "/desk/?done=moved"
    row = await place.row(number)
    assert (row.responsible, row.working, row.queue) == ("sued", "sued", "sued")
    assert (row.lat, row.long, row.state, row.assignee) == (54.05, 12.1, "received", None)
    assert row.former == ["nord"]
    assert row.address is None
    assert (await kinds(place, number))[-3:] == ["relocated", "rerouted", "state"]
    (moved,), (routed,) = await place.said(CaseRelocated), (await place.said(CaseRouted))[1:]
    assert (moved.place.lat, routed.rerouted, routed.responsible.slug) == (54.05, True, "sued")
    states = [event.state for event in await place.said(CaseStatusChanged)]
    assert states == [CaseState.ACCEPTED, CaseState.RECEIVED]
    assert (await anna.client.get(f"/desk/cases/{number}")).status_code == 404
    bert = await place.sign_in("bert@sued.example")
    assert "Gemeinde Süd" in await bert.see(number)


async def test_a_pin_moved_at_home_keeps_clerk_and_state(place: Any, anna: Any) -> None:
    number = (await place.open_case()).report.number
    await anna.do(number, "accept")
    await anna.do(number, "claim")
    await move(anna, number, (54.16, 12.11))
    row = await place.row(number)
    assert (row.responsible, row.state, row.lat) == ("nord", "accepted", 54.16)
    assert row.assignee is not None
    assert "rerouted" not in await kinds(place, number)
    assert [event.rerouted for event in await place.said(CaseRouted)] == [False, True]


@pytest.mark.parametrize(
    ("lat", "long", "said"),
    [
        ("nirgends", "12.1", "Dezimalzahl"),
        ("", "12.1", "Dezimalzahl"),
        ("95", "12.1", "Dezimalzahl"),
        ("12.1", "54.1", "vertauscht"),
    ],
)
async def test_a_pin_that_is_nowhere_is_refused_and_kept_in_the_form(
    place: Any, anna: Any, *, lat: str, long: str, said: str
) -> None:
    number = (await place.open_case()).report.number
    answer = await anna.send(number, "place", None, lat=lat, long=long)
    assert answer.status_code == 422
    assert said in answer.text
    assert (await place.row(number)).version == 1


async def test_a_corrected_category_brings_its_policy_deadline_and_body(
    place: Any, anna: Any
) -> None:
    number = (await place.open_case(policy=PublicationPolicy(text="at_once"))).report.number
    before = await place.row(number)
    await anna.do(number, "category", category="needles")
    row = await place.row(number)
    assert (row.category, row.responsible, row.queue, row.hazard) == (
        "needles",
        "kreis",
        "kreis",
        True,
    )
    assert (row.policy["text"], row.text_to_review) == ("never", False)
    assert row.due_at < before.due_at
    (said,) = await place.said(CaseRecategorised)
    assert (said.category.slug, said.policy.place) == ("needles", "never")
    assert (await kinds(place, number))[-2:] == ["recategorised", "rerouted"]


@pytest.mark.parametrize("category", ["lamp", "gone", ""])
async def test_a_category_must_be_another_one_of_the_catalogue(
    place: Any, anna: Any, category: str
) -> None:
    number = (await place.open_case()).report.number
    answer = await anna.send(number, "category", None, category=category)
    assert answer.status_code == 422
    assert (await place.row(number)).category == "lamp"


async def test_a_clerk_moves_only_what_he_works_on(place: Any, bert: Any) -> None:
    number = (await place.open_case(candidates=(SUED,))).report.number
    form = {"csrf": "x", "version": "1", "form_token": "t"}
    for action in ("place", "category"):
        assert (await bert.send(number, action, form, lat="54.05", long="12.1")).status_code in {
            403,
            404,
        }
    async with place.desk.units.begin_unscoped() as unit:
        moved = await unit.connection.scalar(
            text('SELECT routing.move_case(:id, 1, \'{"queue": "sued"}\')'),
            {"id": (await place.row(number)).id},
        )
    assert moved is False
    assert (await place.row(number)).queue == "nord"
