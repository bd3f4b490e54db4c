"""A mail was sent, delayed or refused: note it once, and say so to the desk's mail log."""

from datetime import datetime

from melder_common.events import NotificationFailed, NotificationSent
from melder_common.unit_of_work import UnitOfWork
from melder_notify.domain.news import MailKind, Notification, NotificationState
from melder_notify.domain.sending import given_up, retry_at
from melder_notify.store.contacts import change_contact, note_receipt
from melder_notify.store.notifications import close_mail
from melder_notify.use_cases.office import Office


async def note_sent(unit: UnitOfWork, notification: Notification, office: Office) -> None:
    """The server took the mail: so did everything folded into it."""
    if notification.kind is MailKind.RECEIPT:
        await note_receipt(
            unit.connection,
            notification.contact_id,
            receipt_id=notification.notification_id,
            erase_after=unit.now + office.retention.unconfirmed,
        )
    elif notification.kind is MailKind.STATUS:
        await change_contact(unit.connection, notification.contact_id, status_mailed_at=unit.now)
    closed = await close_mail(
        unit.connection,
        notification,
        NotificationState.SENT,
        outcome="accepted_by_server",
        at=unit.now,
    )
    if not closed:
        return
    sent = NotificationSent(
        notification_id=notification.notification_id,
        report_id=notification.report_id,
        kind=notification.kind,
        channel="email",
        sent_at=unit.now,
    )
    _record(unit, sent, notification)


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
    closed = await close_mail(
        unit.connection, notification, NotificationState.FAILED, outcome=reason
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
    await close_mail(unit.connection, notification, NotificationState.DROPPED, outcome=reason)


def _record(
    unit: UnitOfWork, event: NotificationSent | NotificationFailed, notification: Notification
) -> None:
    unit.record(
        event,
        aggregate_id=notification.notification_id,
        report_id=notification.report_id,
    )
