"""What routing hears: events of other services → use cases."""

from collections.abc import Mapping, Sequence
from typing import Any

from melder_common import events
from melder_common.envelope import Heard
from melder_common.handlers import Handler
from melder_common.unit_of_work import UnitOfWork
from melder_routing.parts import Parts
from melder_routing.use_cases.erase_case import erase_cases
from melder_routing.use_cases.log_access import log_access
from melder_routing.use_cases.note_comment import note_comments
from melder_routing.use_cases.note_feedback import note_feedback
from melder_routing.use_cases.note_notification import (
    note_notifications_failed,
    note_notifications_sent,
)
from melder_routing.use_cases.note_photo import (
    note_photos_deleted,
    note_photos_ready,
    note_photos_redacted,
    note_photos_rejected,
    note_photos_released,
)
from melder_routing.use_cases.note_reporter import (
    note_contacts_confirmed,
    note_contacts_erased,
    note_support,
    note_tracking_opened,
)
from melder_routing.use_cases.reopen_case import reopen_cases
from melder_routing.use_cases.route_reports import route_reports


async def reports_submitted(
    unit: UnitOfWork, heard: Sequence[Heard[events.ReportSubmitted]], parts: Parts
) -> None:
    """Reports were accepted: they need a responsible body and a queue."""
    await route_reports(unit, [one.event for one in heard], parts.rulebooks)


SUBSCRIPTIONS: Mapping[type[events.Event], Handler[Any]] = {
    events.ReportSubmitted: reports_submitted,
    events.PhotoReady: note_photos_ready,
    events.PhotoRejected: note_photos_rejected,
    events.NotificationSent: note_notifications_sent,
    events.NotificationFailed: note_notifications_failed,
    events.ContactConfirmed: note_contacts_confirmed,
    events.PhotoReleased: note_photos_released,
    events.PhotoRedacted: note_photos_redacted,
    events.ReportTrackingOpened: note_tracking_opened,
    events.ReportSupported: note_support,
    events.ReportCommented: note_comments,
    events.ReportFeedbackGiven: note_feedback,
    events.ReportReopenRequested: reopen_cases,
    events.ReportErased: erase_cases,
    events.ContactErased: note_contacts_erased,
    events.PhotoDeleted: note_photos_deleted,
    events.AccessGranted: log_access,
    events.ContactAccessGranted: log_access,
}
