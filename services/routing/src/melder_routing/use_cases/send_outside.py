"""A clerk sends a case (again) to the body outside that works on it."""

from melder_common.ids import new_id
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case import Case
from melder_routing.domain.case_changes import ChangeRefused, touched
from melder_routing.domain.history import HistoryKind
from melder_routing.domain.states import is_closed
from melder_routing.store.case_links import ask_for_link, find_their_texts
from melder_routing.store.endpoints import find_endpoint
from melder_routing.store.outside_cases import ask_to_send
from melder_routing.use_cases.on_case import Act, keep_case, take_case


async def send_outside(unit: UnitOfWork, act: Act) -> None:
    """Have it sent now, by Open311 or by a new link, whatever was waited for or went wrong.

    Raises CaseNotFound, StaleWrite, and ChangeRefused when the case is closed or its body is
    reached in no such way.
    """
    case = await take_case(unit, act)
    if is_closed(case.state):
        raise ChangeRefused("closed")
    await _ask(unit, case)
    after = touched(case, unread=0)
    await keep_case(unit, act, case, after, HistoryKind.ASKED_OUTSIDE)


async def _ask(unit: UnitOfWork, case: Case) -> None:
    endpoint = await find_endpoint(unit.connection, case.working.slug)
    if endpoint is not None and not endpoint.removed:
        await ask_to_send(unit.connection, new_id(), case.case_id, endpoint.body, unit.now)
    elif await find_their_texts(unit.connection, case.working.slug) is not None:
        await ask_for_link(unit.connection, new_id(), case.case_id, case.working.slug, unit.now)
    else:
        raise ChangeRefused("not_reached")
