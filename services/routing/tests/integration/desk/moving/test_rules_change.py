"""Rules change, and bodies go over into others: which cases move, and which stay."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from melder_common.clock import utc_now
from melder_common.events import (
    CaseRouted,
    CaseSnapshot,
)
from melder_common.geo import Coordinate
from melder_common.timer_runner import Timers
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.timers import TIMERS
from melder_routing.use_cases.decide_places import PlaceToDecide, decide_places
from melder_routing.use_cases.reroute_cases import find_reroutings, reroute_cases
from melder_routing.use_cases.succeed_body import SuccessionRefused, succeed_body

from .two_towns import IN_NORD, IN_SUED, NORD, SUED, kinds

pytestmark = pytest.mark.integration


async def swap_areas(world: Any) -> None:
    async with world.worker.begin() as unit:
        await unit.connection.execute(
            text(
                "UPDATE routing.jurisdiction SET body_id = (SELECT id FROM routing.body AS other"
                " WHERE other.slug IN ('nord', 'sued') AND other.id <> jurisdiction.body_id)"
            )
        )
        await unit.connection.execute(
            text("UPDATE routing.region SET rules_version = rules_version + 1")
        )


async def test_changed_rules_move_open_unaccepted_unclaimed_cases_only(
    place: Any, anna: Any
) -> None:
    waiting, accepted, claimed, closed = [(await place.open_case()).report.number for _ in range(4)]
    await anna.do(accepted, "accept")
    await anna.do(claimed, "claim")
    await anna.do(closed, "close", ending="not_actionable:", message="Nicht unser Ding.")
    rulebooks = Rulebooks()
    async with place.worker.begin() as unit:
        assert await find_reroutings(unit.connection, rulebooks) == []
    await swap_areas(place)
    async with place.worker.begin() as unit:
        found = await find_reroutings(unit.connection, rulebooks)
    assert [(one.number, one.before, one.after) for one in found] == [(waiting, "nord", "sued")]
    assert await reroute_cases(place.worker, rulebooks) == 1
    bodies = [(await place.row(n)).responsible for n in (waiting, accepted, claimed, closed)]
    assert bodies == ["sued", "nord", "nord", "nord"]
    assert (await kinds(place, waiting))[-1] == "rerouted"
    assert await reroute_cases(place.worker, rulebooks) == 0


async def test_a_succession_moves_all_cases_queues_and_rights(place: Any, anna: Any) -> None:
    numbers = [(await place.open_case()).report.number for _ in range(3)]
    watched = (await place.open_case(body=SUED, responsible=SUED, candidates=(NORD,))).report.number
    await anna.do(numbers[1], "accept")
    await anna.do(numbers[2], "accept")
    await anna.do(numbers[2], "close", ending="resolved:", message="Behoben.")
    today = place.clock().date()
    moved = await succeed_body(place.worker, "nord", "sued", today)
    assert moved == 4
    for number, state in zip(numbers, ("received", "accepted", "resolved"), strict=True):
        row = await place.row(number)
        assert (row.responsible, row.working, row.queue, row.state) == (
            "sued",
            "sued",
            "sued",
            state,
        )
        assert (row.number, row.former) == (number, ["nord"])
        assert (await kinds(place, number))[-1] == "succeeded"
    assert (await place.row(watched)).candidates == []
    again = await place.sign_in("anna@nord.example")
    assert "Gemeinde Süd" in await again.see(numbers[1])
    routed = [event for event in await place.said(CaseRouted) if event.rerouted]
    assert {event.number for event in routed} == {*numbers[:2], watched}
    assert [event.number for event in await place.said(CaseSnapshot)] == [numbers[2]]
    assert await succeed_body(place.worker, "nord", "sued", today) == 0


async def test_after_a_succession_the_heir_is_decided_for(place: Any) -> None:
    await succeed_body(place.worker, "nord", "sued", place.clock().date())
    number = (await place.open_case(body=SUED, responsible=SUED)).report.number
    async with place.worker.begin() as unit:
        assert await find_reroutings(unit.connection, Rulebooks()) == []
    assert (await place.row(number)).responsible == "sued"


DUTIES = """
INSERT INTO routing.agreement
    (id, first_body_id, second_body_id, leading_body_id, geom, categories)
    SELECT gen_random_uuid(), one.id, other.id, other.id,
        ST_Multi(ST_MakeEnvelope(12, 54.1, 12.2, 54.2, 4326)), '{lamp}'
    FROM routing.body AS one, routing.body AS other
    WHERE one.slug = 'nord' AND other.slug = :other;
UPDATE routing.category SET asset_types = '{lamp}' WHERE slug = 'lamp';
INSERT INTO routing.asset (id, type, geom, operator_id)
    SELECT 'L-1', 'lamp', ST_SetSRID(ST_MakePoint(12.1, 54.05), 4326), id
    FROM routing.body WHERE slug = 'nord';
INSERT INTO routing.competence (id, body_id, mode, area, condition)
    SELECT gen_random_uuid(), id, 'informed', 'everywhere', '{"asset_operator": ["nord"]}'
    FROM routing.body WHERE slug = 'kreis'
"""


async def decide_lamp(world: Any, at: tuple[float, float], asset: str | None = None) -> Any:
    wanted = PlaceToDecide(Coordinate(*at), "lamp", utc_now(), asset_id=asset)
    async with world.worker.begin() as unit:
        _, (decision,) = await decide_places(unit.connection, [wanted], Rulebooks())
    return decision


@pytest.mark.parametrize(("other", "leads"), [("kreis", "kreis"), ("sued", "sued")])
async def test_agreements_and_conditions_name_the_heir_after_a_succession(
    place: Any, other: str, leads: str
) -> None:
    async with place.worker.engine.begin() as connection:
        for statement in DUTIES.split(";"):
            given = {"other": other} if ":other" in statement else {}
            await connection.execute(text(statement), given)
    for _ in range(2):
        assert (await decide_lamp(place, IN_NORD)).responsible.slug == leads
        at_the_lamp = await decide_lamp(place, IN_SUED, "L-1")
        assert [body.slug for body in at_the_lamp.informed] == ["kreis"]
        await succeed_body(place.worker, "nord", "sued", place.clock().date())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("nord", "nord", "itself"),
        ("nirgends", "nord", "no body"),
        ("nord", "nirgends", "no body"),
    ],
)
async def test_a_succession_that_makes_no_sense_is_refused(
    place: Any, old: str, new: str, said: str
) -> None:
    with pytest.raises(SuccessionRefused, match=said):
        await succeed_body(place.worker, old, new, place.clock().date())


async def test_a_succession_in_the_future_waits_for_its_day(place: Any) -> None:
    number = (await place.open_case()).report.number
    tomorrow = place.clock().date() + timedelta(days=1)
    assert await succeed_body(place.worker, "nord", "sued", tomorrow) is None
    assert (await place.row(number)).responsible == "nord"
    timers = Timers(place.worker, TIMERS, None, holder="test")
    assert await timers.claim(10) == []
    place.clock.fixed = utc_now() + timedelta(days=2)
    for due in await timers.claim(10):
        await timers.carry_out(due)
    assert (await place.row(number)).responsible == "sued"
    assert await place.scalar("SELECT count(*) FROM routing.due WHERE kind = 'succession'") == 0
