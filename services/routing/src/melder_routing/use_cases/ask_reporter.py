"""A clerk asks the reporter; the case waits for the answer, at most ten working days."""

from melder_common.event_values import CaseState
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case_changes import move
from melder_routing.domain.history import HistoryEntry, HistoryKind
from melder_routing.domain.states import Actor
from melder_routing.domain.visibility import acting_body
from melder_routing.use_cases.on_case import Act, keep_state, take_case
from melder_routing.use_cases.post_message import post_message


async def ask_reporter(unit: UnitOfWork, act: Act, question: str) -> None:
    """Post ``question`` and let the case wait. The question is not public.

    Raises CaseNotFound, StaleWrite, and StepRefused where it would reach nobody.
    """
    case = await take_case(unit, act)
    waiting = CaseState.WAITING_FOR_REPORTER
    change = move(case, waiting, actor=Actor.CLERK, now=unit.now, message=question)
    asked = await post_message(unit, case, "question", question, body=case.body)
    by_clerk = HistoryEntry(HistoryKind.STATE, acting_body(case, act.scope), act.scope.clerk_id)
    await keep_state(unit, change.without_word(), by_clerk, message_id=asked.message_id)
