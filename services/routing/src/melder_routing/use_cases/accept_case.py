"""A clerk accepts a case: his body acknowledges that it is responsible."""

from melder_common.event_values import CaseState
from melder_common.unit_of_work import UnitOfWork
from melder_routing.use_cases.change_status import change_status
from melder_routing.use_cases.on_case import Act


async def accept_case(unit: UnitOfWork, act: Act) -> None:
    """Move a received case to accepted. Raises CaseNotFound, StaleWrite, StepRefused."""
    await change_status(unit, act, CaseState.ACCEPTED)
