"""A clerk writes to the reporter without expecting an answer."""

from melder_common.events import CaseMessagePosted
from melder_common.ids import new_id
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case_changes import touched
from melder_routing.domain.history import HistoryKind
from melder_routing.store.case_contents import add_message
from melder_routing.use_cases.on_case import Act, keep_case, say, take_case


async def write_to_reporter(unit: UnitOfWork, act: Act, text: str, *, public: bool = False) -> None:
    """Post ``text``; ``public`` shows it to everybody. Raises CaseNotFound, StaleWrite."""
    case = await take_case(unit, act)
    posted = CaseMessagePosted(
        case_id=case.case_id,
        report_id=case.report_id,
        message_id=new_id(),
        kind="answer",
        text=text,
        body=case.body,
        public=public,
        posted_at=unit.now,
    )
    await add_message(
        unit.connection,
        message_id=posted.message_id,
        case_id=case.case_id,
        at=unit.now,
        kind="answer",
        text=text,
        body=case.body.slug,
        public=public,
    )
    after = touched(case, unread=0)
    await keep_case(unit, act, case, after, HistoryKind.MESSAGE, refers_to=posted.message_id)
    say(unit, case, posted)
