"""A neighbour takes a border case over within 24 hours: one action, no hand-over to be accepted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.event_values import CaseState
from melder_common.events import CaseRouted, CaseStatusChanged
from melder_common.geo import Coordinate
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case_changes import CaseNotFound, ChangeRefused
from melder_routing.domain.clerk import Scope
from melder_routing.domain.decide import hand_to
from melder_routing.domain.decision import Decision, Rule, Status
from melder_routing.domain.rerouting import may_take_over, taken_over_reason
from melder_routing.domain.rulebook import Body, Rulebook
from melder_routing.store import case_moves
from melder_routing.store.cases import facts_of
from melder_routing.store.desk_list import BorderCase, find_border_case
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.store.usual_days import list_usual_days
from melder_routing.use_cases.decide_places import PlaceToDecide, find_grounds, question_of


@dataclass(frozen=True, slots=True)
class TakeOver:
    """Who takes a case by its id, and the version his page showed."""

    scope: Scope
    case_id: UUID
    version: int


async def take_over_case(unit: UnitOfWork, act: TakeOver, rulebooks: Rulebooks) -> str:
    """Give the case to the clerk's body, which becomes responsible; the number of the case.

    Raises CaseNotFound for a case that is none of his border cases, ChangeRefused when the term is
    over or somebody was faster.
    """
    connection = unit.connection
    found = await find_border_case(connection, act.scope, act.case_id)
    if found is None or not found.taker:
        raise CaseNotFound(str(act.case_id))
    if not may_take_over(found.routed_at, unit.now):
        raise ChangeRefused("too_late")
    rules, worker, queue = await _worker(connection, found, unit, rulebooks)
    taker, former = rules.bodies[found.taker], rules.bodies[found.working]
    decided = {
        "status": Status.DECIDED.value,
        "rule": Rule.TAKEN_OVER.value,
        "responsible": taker.ref.model_dump(),
        "working": worker.ref.model_dump(),
        "queue": queue,
        "reason": taken_over_reason(taker, former, worker),
    }
    row = await case_moves.take_over_case(
        connection, act.case_id, act.version, clerk=act.scope.clerk_id, decided=decided
    )
    if row is None:
        raise ChangeRefused("too_late")
    usual = await list_usual_days(connection, {row.category})
    event = _event(row, rules, taker, worker, usual.get(row.category))
    unit.record(event, aggregate_id=row.id, report_id=row.report_id)
    if row.state != found.state:
        changed = _state_changed(row, found.state, taker, unit.now)
        unit.record(changed, aggregate_id=row.id, report_id=row.report_id)
    return str(row.number)


def _state_changed(row: Row[Any], before: str, taker: Body, now: datetime) -> CaseStatusChanged:
    """What lay with a body outside does so no longer (migration 0018)."""
    return CaseStatusChanged(
        case_id=row.id,
        report_id=row.report_id,
        state=CaseState(row.state),
        previous=CaseState(before),
        body=taker.ref,
        changed_at=now,
    )


async def _worker(
    connection: AsyncConnection, found: BorderCase, unit: UnitOfWork, rulebooks: Rulebooks
) -> tuple[Rulebook, Body, str]:
    place = PlaceToDecide(Coordinate(found.lat, found.long), found.category, unit.now)
    rules, (around,) = await find_grounds(connection, [place], rulebooks)
    worker, queue = hand_to(found.taker, question_of(place, rules), around, rules)
    return rules, worker, queue


def _event(
    row: Row[Any], rules: Rulebook, taker: Body, worker: Body, usual_days: float | None
) -> CaseRouted:
    decision, facts = Decision.from_json(row.decision), facts_of(row)
    return CaseRouted(
        case_id=row.id,
        report_id=row.report_id,
        number=row.number,
        status=decision.status.value,
        responsible=taker.ref,
        working=worker.ref,
        candidates=tuple(rules.bodies[slug].ref for slug in row.candidates),
        municipality=row.municipality,
        border=row.border,
        snapped=decision.snapped,
        border_distance_m=decision.border_distance_m,
        reason=decision.reason,
        category=facts.category,
        place=facts.place,
        policy=facts.policy,
        usual_days=usual_days,
        boundary_version=decision.boundary_version,
        rerouted=True,
    )
