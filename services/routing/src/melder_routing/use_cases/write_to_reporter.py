"""A clerk writes to the reporter without expecting an answer."""

from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case_changes import touched
from melder_routing.domain.history import HistoryKind
from melder_routing.use_cases.on_case import Act, keep_case, take_case
from melder_routing.use_cases.post_message import post_message


async def write_to_reporter(unit: UnitOfWork, act: Act, text: str, *, public: bool = False) -> None:
    """Post ``text``; ``public`` shows it to everybody. Raises CaseNotFound, StaleWrite."""
    case = await take_case(unit, act)
    posted = await post_message(unit, case, "answer", text, body=case.body, public=public)
    after = touched(case, unread=0)
    await keep_case(unit, act, case, after, HistoryKind.MESSAGE, refers_to=posted.message_id)
