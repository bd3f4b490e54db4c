"""Make a mail answer a comment: it answers the newest open question and is not public."""

from collections.abc import Sequence

from melder_common.envelope import Heard
from melder_common.events import ReplyReceived
from melder_common.unit_of_work import UnitOfWork
from melder_intake.store import participation
from melder_intake.use_cases.take_part import comment_report


async def take_reply(unit: UnitOfWork, heard: Sequence[Heard[ReplyReceived]]) -> None:
    """Keep each reply as a comment of its report."""
    for said in heard:
        event = said.event
        await comment_report(
            unit,
            event.report_id,
            comment_id=event.reply_id,
            text=event.text,
            answers=await participation.find_open_question(unit.connection, event.report_id),
            source="mail",
            written_at=event.received_at,
        )
