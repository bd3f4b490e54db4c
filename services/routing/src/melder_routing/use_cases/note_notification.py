"""The desk's mail log: kind, time and state of messages, never an address."""

from collections.abc import Sequence

from melder_common.envelope import Heard
from melder_common.events import NotificationFailed, NotificationSent
from melder_common.unit_of_work import UnitOfWork
from melder_routing.store.case_contents import add_mail_log
from melder_routing.use_cases.note_link_mails import CASE_LINK_MAIL, note_link_mails


async def note_notifications_sent(
    unit: UnitOfWork, heard: Sequence[Heard[NotificationSent]], _parts: object
) -> None:
    """Messages left for reporters, or for bodies by a link; a report may have no case yet."""
    rows = [
        {
            "notification_id": one.event.notification_id,
            "report_id": one.event.report_id,
            "kind": one.event.kind,
            "channel": one.event.channel,
            "state": "sent",
            "reason": None,
            "at": one.event.sent_at,
        }
        for one in heard
    ]
    await add_mail_log(unit.connection, rows)
    links = [one.event for one in heard if one.event.kind == CASE_LINK_MAIL]
    await note_link_mails(unit, {event.notification_id: None for event in links})


async def note_notifications_failed(
    unit: UnitOfWork, heard: Sequence[Heard[NotificationFailed]], _parts: object
) -> None:
    """Messages that will never arrive, with the reason's code."""
    rows = [
        {
            "notification_id": one.event.notification_id,
            "report_id": one.event.report_id,
            "kind": one.event.kind,
            "channel": one.event.channel,
            "state": "failed",
            "reason": one.event.reason,
            "at": one.occurred_at,
        }
        for one in heard
    ]
    await add_mail_log(unit.connection, rows)
    links = [one.event for one in heard if one.event.kind == CASE_LINK_MAIL]
    await note_link_mails(unit, {event.notification_id: event.reason for event in links})
