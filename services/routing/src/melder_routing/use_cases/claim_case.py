"""A clerk takes a case into his own hands."""

from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case_changes import claim
from melder_routing.domain.history import HistoryKind
from melder_routing.use_cases.on_case import Act, keep_case, take_case


async def claim_case(unit: UnitOfWork, act: Act) -> None:
    """Make the clerk the assignee. Raises CaseNotFound, StaleWrite, ChangeRefused."""
    case = await take_case(unit, act)
    await keep_case(unit, act, case, claim(case, act.scope.clerk_id), HistoryKind.CLAIMED)
