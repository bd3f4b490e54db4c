"""A clerk sends a case (again) to the body that is reached by Open311."""

from melder_common.ids import new_id
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case_changes import ChangeRefused, touched
from melder_routing.domain.history import HistoryKind
from melder_routing.domain.states import is_closed
from melder_routing.store.endpoints import find_endpoint
from melder_routing.store.outside_cases import ask_to_send
from melder_routing.use_cases.on_case import Act, keep_case, take_case


async def send_outside(unit: UnitOfWork, act: Act) -> None:
    """Have it sent now, whatever was waited for or went wrong.

    Raises CaseNotFound, StaleWrite, and ChangeRefused when the case is closed or its body is
    reached in no such way.
    """
    case = await take_case(unit, act)
    if is_closed(case.state):
        raise ChangeRefused("closed")
    endpoint = await find_endpoint(unit.connection, case.working.slug)
    if endpoint is None or endpoint.removed:
        raise ChangeRefused("not_reached")
    await ask_to_send(unit.connection, new_id(), case.case_id, endpoint.body, unit.now)
    after = touched(case, unread=0)
    await keep_case(unit, act, case, after, HistoryKind.ASKED_OUTSIDE)
