"""A clerk gives a case back to its queue."""

from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case_changes import give_back
from melder_routing.domain.history import HistoryKind
from melder_routing.use_cases.on_case import Act, keep_case, take_case


async def give_back_case(unit: UnitOfWork, act: Act) -> None:
    """Let the case have no assignee. Raises CaseNotFound, StaleWrite, ChangeRefused."""
    case = await take_case(unit, act)
    await keep_case(unit, act, case, give_back(case, act.scope.clerk_id), HistoryKind.GIVEN_BACK)
