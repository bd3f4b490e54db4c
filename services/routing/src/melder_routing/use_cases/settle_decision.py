"""Let a case lie where a new decision has it: what re-routings have in common."""

from collections.abc import Mapping
from typing import Any

from melder_common.events import CaseRouted, CaseStatusChanged
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case import Case
from melder_routing.domain.decision import Decision
from melder_routing.domain.history import HistoryEntry, HistoryKind
from melder_routing.domain.rerouting import changes_hands, rerouted
from melder_routing.store.case_moves import move_case
from melder_routing.store.cases import CaseFacts, add_history
from melder_routing.store.usual_days import list_usual_days
from melder_routing.use_cases.on_case import WAITING_TIMER, say


async def settle_decision(
    unit: UnitOfWork,
    before: Case,
    decision: Decision,
    facts: CaseFacts,
    *lines: HistoryEntry,
    changes: Mapping[str, Any] | None = None,
) -> Case:
    """Store ``decision`` with its history and say it; the case as it is then.

    ``facts`` are those after the change, ``changes`` further columns by name; ``lines`` say what
    led to it and come first. History is written before the move: afterwards the case may be out
    of the clerk's sight. Raises StaleWrite.
    """
    after = rerouted(before, decision)
    history = [*lines, *_lines(before, after, decision)]
    await add_history(unit, before.case_id, *history)
    await move_case(unit.connection, before, _columns(unit, after, decision) | dict(changes or {}))
    if before.resumes_as is not None and after.resumes_as is None:
        await unit.cancel(WAITING_TIMER, str(before.case_id))
    usual = await list_usual_days(unit.connection, {facts.category.slug})
    say(unit, after, routed_again(after, decision, facts, usual.get(facts.category.slug)))
    if after.state is not before.state:
        say(unit, after, _state_changed(unit, before, after))
    return after


def routed_again(
    case: Case, decision: Decision, facts: CaseFacts, usual_days: float | None
) -> CaseRouted:
    """The event of a re-routing."""
    return CaseRouted(
        case_id=case.case_id,
        report_id=case.report_id,
        number=case.number,
        status=decision.status.value,
        responsible=case.responsible,
        working=case.working,
        candidates=decision.candidates,
        municipality=decision.municipality,
        border=decision.border,
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


def _lines(before: Case, after: Case, decision: Decision) -> list[HistoryEntry]:
    lines = []
    if changes_hands(before, decision):
        codes = {"from": before.body.slug, "to": after.body.slug, "rule": str(decision.rule)}
        lines.append(HistoryEntry(HistoryKind.REROUTED, version=after.version, codes=codes))
    if after.state is not before.state:
        codes = {"from": before.state.value, "to": after.state.value, "by": "routing"}
        lines.append(HistoryEntry(HistoryKind.STATE, version=after.version, codes=codes))
    return lines


def _columns(unit: UnitOfWork, after: Case, decision: Decision) -> dict[str, Any]:
    return {
        "decision": decision.as_json(),
        "responsible": after.responsible.slug if after.responsible else None,
        "working": after.working.slug,
        "queue": after.queue,
        "candidates": [body.slug for body in decision.candidates],
        "informed": sorted(after.informed),
        "former": sorted(after.former),
        "municipality": decision.municipality,
        "border": decision.border,
        "state": after.state.value,
        "resumes_as": after.resumes_as.value if after.resumes_as else None,
        "assignee": after.assignee,
        "routed_at": unit.now,
        "changed_at": unit.now,
    }


def _state_changed(unit: UnitOfWork, before: Case, after: Case) -> CaseStatusChanged:
    return CaseStatusChanged(
        case_id=after.case_id,
        report_id=after.report_id,
        state=after.state,
        previous=before.state,
        body=after.body,
        changed_at=unit.now,
    )
