"""What a body writes to the reporter: kept with the case, and said to the other services."""

from typing import Literal

from melder_common.event_values import BodyRef
from melder_common.events import CaseMessagePosted
from melder_common.ids import new_id
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case import Case
from melder_routing.store.case_contents import add_message
from melder_routing.use_cases.on_case import say

Kind = Literal["question", "answer", "note"]


async def post_message(
    unit: UnitOfWork, case: Case, kind: Kind, text: str, *, body: BodyRef, public: bool = False
) -> CaseMessagePosted:
    """Post ``text`` in the name of ``body``; ``public`` shows it to everybody.

    The line of history is the caller's: it names who wrote, and refers to the message's id.
    """
    posted = CaseMessagePosted(
        case_id=case.case_id,
        report_id=case.report_id,
        message_id=new_id(),
        kind=kind,
        text=text,
        body=body,
        public=public,
        posted_at=unit.now,
    )
    await add_message(
        unit.connection,
        message_id=posted.message_id,
        case_id=case.case_id,
        at=unit.now,
        kind=kind,
        text=text,
        body=body.slug,
        public=public,
    )
    say(unit, case, posted)
    return posted
