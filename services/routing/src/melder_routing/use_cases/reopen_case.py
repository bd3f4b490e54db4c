"""The reporter wants the case opened again: within the rule it is, later it is a note."""

from collections.abc import Sequence

from melder_common.envelope import Heard
from melder_common.event_values import CaseState
from melder_common.events import ReportReopenRequested
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case_changes import heard as heard_from_reporter
from melder_routing.domain.case_changes import may_reopen, move
from melder_routing.domain.history import HistoryEntry, HistoryKind
from melder_routing.domain.states import Actor
from melder_routing.store.case_contents import add_message
from melder_routing.store.cases import add_history, lock_case_of_report, save_case
from melder_routing.use_cases.on_case import keep_state


async def reopen_cases(
    unit: UnitOfWork, heard: Sequence[Heard[ReportReopenRequested]], _parts: object
) -> None:
    """Answer each wish by the rule (28 days, twice). Raises CaseNotFound."""
    for one in heard:
        await _answer(unit, one)


async def _answer(unit: UnitOfWork, one: Heard[ReportReopenRequested]) -> None:
    before = await lock_case_of_report(unit.connection, one.event.report_id)
    await add_message(
        unit.connection,
        message_id=one.event_id,
        case_id=before.case_id,
        at=one.occurred_at,
        kind="reopen",
        text=one.event.reason,
    )
    after = heard_from_reporter(before)
    await save_case(unit, before, after)
    granted = may_reopen(before, unit.now)
    line = HistoryEntry(
        HistoryKind.REOPEN_REQUESTED,
        version=after.version,
        refers_to=one.event_id,
        codes={"granted": "yes" if granted else "no"},
    )
    await add_history(unit, after.case_id, line)
    if granted:
        change = move(after, CaseState.ACCEPTED, actor=Actor.REPORTER, now=unit.now)
        await keep_state(unit, change, HistoryEntry(HistoryKind.STATE, codes={"by": "reporter"}))
