"""Something is to be told: record it once for every recipient, and let its mail fall due."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from melder_common.ids import new_id
from melder_common.unit_of_work import UnitOfWork
from melder_notify.domain.news import MailKind, News
from melder_notify.store.contacts import Recipient, find_recipients
from melder_notify.store.notifications import SEND_MAIL, add_notifications


@dataclass(frozen=True, slots=True)
class Announcement:
    """News about a report. ``own_reporter_only``: not for reporters of reports merged into it."""

    report_id: UUID
    event_id: UUID
    kind: MailKind
    news: News
    own_reporter_only: bool = False


async def announce(unit: UnitOfWork, announcements: Sequence[Announcement]) -> None:
    """Record a notification per announcement and recipient.

    Whether and when a mail leaves is decided when it falls due: then the contact's state counts.
    """
    if not announcements:
        return
    recipients = await find_recipients(
        unit.connection, list({one.report_id for one in announcements})
    )
    rows = [
        _notification(announcement, recipient, unit)
        for announcement in announcements
        for recipient in recipients
        if _concerns(announcement, recipient)
    ]
    added = await add_notifications(unit.connection, rows)
    await plan_mails(unit, added)


def _concerns(announcement: Announcement, recipient: Recipient) -> bool:
    if recipient.about != announcement.report_id:
        return False
    return recipient.about == recipient.report_id or not announcement.own_reporter_only


def _notification(
    announcement: Announcement, recipient: Recipient, unit: UnitOfWork
) -> dict[str, Any]:
    return {
        "notification_id": new_id(),
        "report_id": recipient.report_id,
        "contact_id": recipient.contact_id,
        "event_id": announcement.event_id,
        "kind": announcement.kind,
        "facts": announcement.news.to_facts(),
        "queued_at": unit.now,
    }


async def plan_mails(unit: UnitOfWork, notification_ids: Iterable[UUID]) -> None:
    """Have the mails of notifications fall due now.

    Only for those without a timer: planning again would take a mail away from its sender.
    """
    for notification_id in notification_ids:
        await unit.plan(SEND_MAIL, str(notification_id), at=unit.now)
