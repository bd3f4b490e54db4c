"""A clerk moves a case into another state, with a word to the public where the table asks it."""

from melder_common.event_values import CaseState
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case_changes import move
from melder_routing.domain.history import HistoryEntry, HistoryKind
from melder_routing.domain.states import Actor
from melder_routing.domain.visibility import acting_body
from melder_routing.use_cases.on_case import Act, keep_state, take_case


async def change_status(
    unit: UnitOfWork,
    act: Act,
    target: CaseState,
    *,
    message: str | None = None,
    reason: str | None = None,
) -> None:
    """Move the case to ``target``; closing states included.

    Raises CaseNotFound, StaleWrite, StepRefused, WrongReason.
    """
    case = await take_case(unit, act)
    change = move(case, target, actor=Actor.CLERK, now=unit.now, message=message, reason=reason)
    by_clerk = HistoryEntry(HistoryKind.STATE, acting_body(case, act.scope), act.scope.clerk_id)
    await keep_state(unit, change, by_clerk)
