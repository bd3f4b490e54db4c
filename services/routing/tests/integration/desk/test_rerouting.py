"""Cases that change hands: pin moved, category corrected, taken over by a neighbour, rules changed."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from melder_common.clock import utc_now
from melder_common.event_values import BodyRef, CaseState, PublicationPolicy
from melder_common.events import (
    CaseRecategorised,
    CaseRelocated,
    CaseRouted,
    CaseSnapshot,
    CaseStatusChanged,
)
from melder_common.geo import Coordinate
from melder_common.timer_runner import Timers
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.timers import TIMERS
from melder_routing.use_cases.decide_places import PlaceToDecide, decide_places
from melder_routing.use_cases.reroute_cases import find_reroutings, reroute_cases
from melder_routing.use_cases.speak_case_snapshots import speak_case_snapshots
from melder_routing.use_cases.succeed_body import SuccessionRefused, succeed_body

pytestmark = pytest.mark.integration

NORD = BodyRef(slug="nord", name="Stadt Nord")
SUED = BodyRef(slug="sued", name="Gemeinde Süd")
IN_NORD, IN_SUED, ON_BORDER = (54.15, 12.1), (54.05, 12.1), (54.09995, 12.1)

LAYOUT = """
INSERT INTO routing.boundary_version (id, attribution) VALUES ('v1', 'wir');
INSERT INTO routing.jurisdiction
    (id, body_id, layer, ars, name, geom, digest, boundary_version)
    SELECT gen_random_uuid(), body.id, 'gemeinde', key, body.name,
        ST_Multi(ST_Segmentize(ST_MakeEnvelope(12, south, 12.2, south + 0.1, 4326), 0.001)),
        'x', 'v1'
    FROM (VALUES ('nord', '130720001001', 54.1), ('sued', '130720002002', 54.0))
        AS given (slug, key, south)
    JOIN routing.body USING (slug);
INSERT INTO routing.body_queue (body_id, queue_id)
    SELECT body.id, queue.id FROM routing.body JOIN routing.queue USING (slug);
INSERT INTO routing.category (id, slug, name, group_slug, group_name, policy_text, policy_photo,
    policy_place, position, due_days, hazard)
    VALUES (gen_random_uuid(), 'needles', '{"de": "Spritzen"}', 'waste', '{"de": "Abfall"}',
        'never', 'never', 'never', 2, 1, true);
INSERT INTO routing.competence (id, body_id, mode, category_group, area)
    SELECT gen_random_uuid(), id, 'responsible', 'waste', 'everywhere'
    FROM routing.body WHERE slug = 'kreis';
INSERT INTO routing.region (id, slug, name, jurisdiction_id, margin_m, outline, reception,
    clearing_queue_id, clearing_body_id, clearing_deputy_id, boundary_version)
    SELECT 1, 'klein', 'Klein', 'klein.example', 0, area, area, queue.id, body.id, deputy.id, 'v1'
    FROM (SELECT ST_Multi(ST_MakeEnvelope(12, 54, 12.2, 54.2, 4326)) AS area) AS whole,
        routing.queue, routing.body, routing.body AS deputy
    WHERE queue.slug = 'kreis' AND body.slug = 'kreis' AND deputy.slug = 'nord'
"""


@pytest.fixture
async def place(world: Any) -> Any:
    """The small region with areas: Nord above 54.1°, Süd below it, the county for waste."""
    async with world.worker.engine.begin() as connection:
        for statement in LAYOUT.split(";"):
            await connection.execute(text(statement))
    return world


async def move(clerk: Any, number: str, at: tuple[float, float]) -> None:
    await clerk.do(number, "place", lat=str(at[0]), long=str(at[1]))


async def kinds(world: Any, number: str) -> list[str]:
    return [line.kind for line in await world.history(number)]


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
