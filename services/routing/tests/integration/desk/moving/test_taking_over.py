"""A neighbour takes a border case over: one action, within a day, by nobody else."""

from typing import Any

import pytest
from sqlalchemy import text

from melder_common.event_values import BodyRef, CaseState
from melder_common.events import (
    CaseRouted,
    CaseSnapshot,
    CaseStatusChanged,
)
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.use_cases.reroute_cases import reroute_cases
from melder_routing.use_cases.speak_case_snapshots import speak_case_snapshots

from .two_towns import NORD, SUED, kinds, move

pytestmark = pytest.mark.integration


async def border_page(clerk: Any) -> tuple[str, dict[str, str]]:
    page = (await clerk.client.get("/desk/border")).text
    return page, clerk.hidden_fields(page)


async def take(clerk: Any, case_id: object) -> Any:
    page, form = await border_page(clerk)
    assert str(case_id) in page
    return await clerk.client.post(f"/desk/border/{case_id}/take-over", data=form)


async def test_a_neighbour_takes_a_border_case_over_in_one_action(place: Any, bert: Any) -> None:
    number = (await place.open_case(candidates=(SUED,))).report.number
    case_id = (await place.row(number)).id
    page, _ = await border_page(bert)
    assert "Lange Straße" not in page
    answer = await take(bert, case_id)
    assert answer.headers["location"] == f"/desk/border?done=taken&number={number}"
    row = await place.row(number)
    assert (row.responsible, row.working, row.queue, row.version) == ("sued", "sued", "sued", 2)
    assert (row.candidates, row.former) == (["nord"], ["nord"])
    assert (await kinds(place, number))[-1] == "taken_over"
    routed = (await place.said(CaseRouted))[-1]
    assert (routed.responsible.slug, routed.rerouted) == ("sued", True)
    assert "übernommen hat" in routed.reason["de"]
    async with place.worker.begin() as unit:
        await speak_case_snapshots(unit, None, 10)
    (kept,) = await place.said(CaseSnapshot)
    assert [neighbour.name for neighbour in kept.candidates] == ["Stadt Nord"]
    file = " ".join((await bert.see(number)).split())
    assert "Die Lampe ist dunkel" in file
    assert "Stadt Nord → Gemeinde Süd" in file
    assert "Auch in Frage kommt: Stadt Nord" in file


async def test_what_a_neighbour_has_taken_over_stays_with_him_when_rules_change(
    place: Any, bert: Any
) -> None:
    number = (await place.open_case(candidates=(SUED,))).report.number
    await take(bert, (await place.row(number)).id)
    assert "die Nachbarstelle" in await bert.see(number)
    assert await reroute_cases(place.worker, Rulebooks()) == 0
    assert (await place.row(number)).responsible == "sued"


async def lie_outside(world: Any, number: str, working: str = "nord") -> None:
    """As after a mail or a POST to the body that works on the case."""
    async with world.worker.begin() as unit:
        change = text(
            "UPDATE routing.\"case\" SET state = 'forwarded', working = :working"
            " WHERE number = :number"
        )
        await unit.connection.execute(change, {"number": number, "working": working})


async def test_what_lay_with_a_body_outside_is_new_for_who_takes_it_over(
    place: Any, bert: Any
) -> None:
    number = (await place.open_case(candidates=(SUED,))).report.number
    await lie_outside(place, number)
    await take(bert, (await place.row(number)).id)
    assert (await place.row(number)).state == "received"
    assert (await kinds(place, number))[-2:] == ["taken_over", "state"]
    (changed,) = await place.said(CaseStatusChanged)
    assert (changed.state, changed.previous) == (CaseState.RECEIVED, CaseState.FORWARDED)
    assert changed.body == SUED
    await bert.do(number, "accept")
    assert (await place.row(number)).state == "accepted"


async def test_what_lay_with_a_worker_outside_is_new_when_somebody_else_works(
    place: Any, anna: Any
) -> None:
    number = (await place.open_case()).report.number
    await lie_outside(place, number, working="sued")
    await move(anna, number, (54.16, 12.11))
    row = await place.row(number)
    assert (row.responsible, row.working, row.state) == ("nord", "nord", "received")


async def test_taking_over_ends_after_24_hours(place: Any, bert: Any) -> None:
    number = (await place.open_case(candidates=(SUED,))).report.number
    case_id = (await place.row(number)).id
    _, form = await border_page(bert)
    async with place.worker.begin() as unit:
        await unit.connection.execute(
            text("UPDATE routing.\"case\" SET routed_at = now() - interval '24 hours 1 second'")
        )
    page, _ = await border_page(bert)
    assert "Frist vorbei" in page
    assert "take-over" not in page
    form = form or (await border_page(bert))[1]
    answer = await bert.client.post(
        f"/desk/border/{case_id}/take-over", data={**form, "version": "1"}
    )
    assert answer.headers["location"].endswith("too-late")
    assert (await place.row(number)).responsible == "nord"


async def test_the_database_itself_refuses_a_take_over_too_late_or_by_a_stranger(
    place: Any,
) -> None:
    number = (await place.open_case(candidates=(SUED,))).report.number
    row = await place.row(number)
    call = text(
        "SELECT count(*) FROM routing.take_over_case(:id, :seen, 'sued', 'sued', 'sued', NULL, '{}')"
    )
    for scope, seen, age, expected in (
        ("nord", 1, 0, 0),
        ("sued", 2, 0, 0),
        ("sued", 1, 25, 0),
        ("sued", 1, 23, 1),
    ):
        async with place.worker.begin() as unit:
            await unit.connection.execute(
                text('UPDATE routing."case" SET routed_at = now() - make_interval(hours => :age)'),
                {"age": age},
            )
        async with place.desk.units.begin_unscoped() as unit:
            await unit.connection.execute(
                text("SELECT set_config('melder.taking_bodies', :scope, true)"), {"scope": scope}
            )
            taken = await unit.connection.scalar(call, {"id": row.id, "seen": seen})
        assert taken == expected, (scope, seen, age)


async def test_a_reader_may_not_take_over(place: Any) -> None:
    number = (await place.open_case(body=SUED, responsible=SUED, candidates=(NORD,))).report.number
    lena = await place.sign_in("lena@nord.example")
    page, _ = await border_page(lena)
    assert "Lampe dunkel" in page
    assert "take-over" not in page
    anna = await place.sign_in("anna@nord.example")
    assert (await take(anna, (await place.row(number)).id)).status_code == 303


async def test_both_of_two_who_claim_a_place_see_it(place: Any, anna: Any, bert: Any) -> None:
    """Two sources overlap: the case lies in clearing, and each may take it."""
    kreis = BodyRef(slug="kreis", name="Landkreis Mitte")
    number = (
        await place.open_case(body=kreis, responsible=None, candidates=(NORD, SUED), border=False)
    ).report.number
    async with place.worker.begin() as unit:
        await unit.connection.execute(text('UPDATE routing."case" SET border = false'))
    for clerk in (anna, bert):
        assert "Lampe dunkel" in (await border_page(clerk))[0]
    assert (await take(bert, (await place.row(number)).id)).status_code == 303
    assert (await place.row(number)).responsible == "sued"
