"""Mails were sent, delayed or refused: note it once, and say so to the desk's mail log."""

from collections.abc import Sequence
from datetime import datetime

from melder_common.events import NotificationFailed, NotificationSent
from melder_common.unit_of_work import UnitOfWork
from melder_notify.domain.news import MailKind, Notification, NotificationState
from melder_notify.domain.sending import given_up, retry_at
from melder_notify.store.contacts import note_receipts, note_status_mails
from melder_notify.store.notifications import close_mails
from melder_notify.use_cases.office import Office


async def note_sent(
    unit: UnitOfWork, notifications: Sequence[Notification], office: Office
) -> None:
    """The server took these mails: so did everything folded into them."""
    await note_receipts(
        unit.connection,
        {
            one.contact_id: one.notification_id
            for one in notifications
            if one.kind is MailKind.RECEIPT
        },
        erase_after=unit.now + office.retention.unconfirmed,
    )
    news = [one.contact_id for one in notifications if one.kind is MailKind.STATUS]
    await note_status_mails(unit.connection, news, unit.now)
    closed = await close_mails(
        unit.connection,
        notifications,
        NotificationState.SENT,
        outcome="accepted_by_server",
        at=unit.now,
    )
    for one in notifications:
        if one.notification_id in closed:
            sent = NotificationSent(
                notification_id=one.notification_id,
                report_id=one.report_id,
                kind=one.kind,
                channel="email",
                sent_at=unit.now,
            )
            _record(unit, sent, one)


async def note_delayed(
    unit: UnitOfWork, notification: Notification, reason: str, *, attempt: int, office: Office
) -> datetime | None:
    """When to try again; None when patience is at its end and the mail is given up."""
    if given_up(notification.queued_at, unit.now, patience=office.mail_patience):
        await note_failed(unit, notification, f"given_up_{reason}")
        return None
    return retry_at(attempt, unit.now)


async def note_failed(unit: UnitOfWork, notification: Notification, reason: str) -> None:
    """The mail can never be delivered; what was folded into it goes with it."""
    closed = await close_mails(
        unit.connection, [notification], NotificationState.FAILED, outcome=reason
    )
    if not closed:
        return
    failed = NotificationFailed(
        notification_id=notification.notification_id,
        report_id=notification.report_id,
        kind=notification.kind,
        channel="email",
        reason=reason,
    )
    _record(unit, failed, notification)


async def note_dropped(unit: UnitOfWork, notification: Notification, reason: str) -> None:
    """The mail is not wanted any more."""
    await close_mails(unit.connection, [notification], NotificationState.DROPPED, outcome=reason)


def _record(
    unit: UnitOfWork, event: NotificationSent | NotificationFailed, notification: Notification
) -> None:
    unit.record(
        event,
        aggregate_id=notification.notification_id,
        report_id=notification.report_id,
    )
