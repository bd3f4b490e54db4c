"""Ten working days without an answer: the case returns to the clerk, it never closes itself."""

from uuid import UUID

from melder_common.event_values import CaseState
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case_changes import CaseNotFound, resume
from melder_routing.domain.history import HistoryEntry, HistoryKind
from melder_routing.domain.states import Actor
from melder_routing.store.cases import lock_case
from melder_routing.use_cases.on_case import keep_state


async def end_waiting(unit: UnitOfWork, case_id: UUID) -> None:
    """Let a case that still waits go on; nothing happens when it does not wait any more."""
    try:
        case = await lock_case(unit.connection, case_id)
    except CaseNotFound:
        return
    if case.state is CaseState.WAITING_FOR_REPORTER:
        change = resume(case, actor=Actor.TIMER, now=unit.now)
        await keep_state(unit, change, HistoryEntry(HistoryKind.STATE, codes={"by": "timer"}))
