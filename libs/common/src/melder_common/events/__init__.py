"""Every event of melder, in the order of a report's life (docs/life-of-a-report.md).

One module for each speaker: ``intake``, ``routing`` (with ``catalogue``), ``media``, ``notify``.
Each docstring names the one service that speaks the event and those that hear it; a test compares
them with every service's ``bus.py``. Payloads are frozen; readers ignore fields they do not know. A
new optional field keeps the version; anything else is a new class beside the old one. Texts that
citizens wrote travel in the clear only where a hearer needs them; contacts travel sealed.
"""

from melder_common.events.catalogue import (
    CatalogueBodyDescribed,
    CatalogueCategoryDescribed,
    CataloguePublished,
    CatalogueReceptionAreaDescribed,
)
from melder_common.events.event import Event
from melder_common.events.intake import (
    ReportCommented,
    ReportErased,
    ReportFeedbackGiven,
    ReportReopenRequested,
    ReportSnapshot,
    ReportSubmitted,
    ReportSupported,
    ReportTrackingOpened,
)
from melder_common.events.media import (
    AccessGranted,
    PhotoDeleted,
    PhotoReady,
    PhotoReceived,
    PhotoRedacted,
    PhotoRejected,
    PhotoReleased,
    PhotoSnapshot,
)
from melder_common.events.notify import (
    ContactAccessGranted,
    ContactConfirmed,
    ContactErased,
    NotificationFailed,
    NotificationSent,
    ReplyReceived,
)
from melder_common.events.routing import (
    CaseHandedOver,
    CaseLinkIssued,
    CaseMerged,
    CaseMessagePosted,
    CasePhotoRedacted,
    CasePhotoReleased,
    CaseRecategorised,
    CaseRelocated,
    CaseRouted,
    CaseSnapshot,
    CaseStatusChanged,
    CaseTextRedacted,
    CaseTextReleased,
)

LIFE_OF_A_REPORT: tuple[type[Event], ...] = (
    # 1 the photo comes first
    PhotoReceived,
    # 2 the report is accepted
    ReportSubmitted,
    # 3 photos are cleaned
    PhotoReady,
    PhotoRejected,
    # 4 somebody is responsible
    CaseRouted,
    # 5 the reporter hears of it
    NotificationSent,
    NotificationFailed,
    ContactConfirmed,
    # 6 clerks work
    CaseStatusChanged,
    CaseHandedOver,
    CaseMerged,
    CaseRelocated,
    CaseRecategorised,
    CaseMessagePosted,
    CaseLinkIssued,
    CaseTextReleased,
    CaseTextRedacted,
    CasePhotoReleased,
    CasePhotoRedacted,
    PhotoReleased,
    PhotoRedacted,
    # 7 the reporter takes part
    ReportTrackingOpened,
    ReportSupported,
    ReportCommented,
    ReplyReceived,
    # 8 closed, or not
    ReportFeedbackGiven,
    ReportReopenRequested,
    # 9 erased when its time is over
    ReportErased,
    ContactErased,
    PhotoDeleted,
    # beside the way: the catalogue, the audit, snapshots
    CatalogueBodyDescribed,
    CatalogueCategoryDescribed,
    CatalogueReceptionAreaDescribed,
    CataloguePublished,
    AccessGranted,
    ContactAccessGranted,
    ReportSnapshot,
    CaseSnapshot,
    PhotoSnapshot,
)
"""The table "Life of a report": what is spoken at each step, then what lies beside the way."""

CATALOGUE: dict[str, type[Event]] = {event.NAME: event for event in LIFE_OF_A_REPORT}
"""Every event class by its name on the wire."""

__all__ = [
    "CATALOGUE",
    "LIFE_OF_A_REPORT",
    "AccessGranted",
    "CaseHandedOver",
    "CaseLinkIssued",
    "CaseMerged",
    "CaseMessagePosted",
    "CasePhotoRedacted",
    "CasePhotoReleased",
    "CaseRecategorised",
    "CaseRelocated",
    "CaseRouted",
    "CaseSnapshot",
    "CaseStatusChanged",
    "CaseTextRedacted",
    "CaseTextReleased",
    "CatalogueBodyDescribed",
    "CatalogueCategoryDescribed",
    "CataloguePublished",
    "CatalogueReceptionAreaDescribed",
    "ContactAccessGranted",
    "ContactConfirmed",
    "ContactErased",
    "Event",
    "NotificationFailed",
    "NotificationSent",
    "PhotoDeleted",
    "PhotoReady",
    "PhotoReceived",
    "PhotoRedacted",
    "PhotoRejected",
    "PhotoReleased",
    "PhotoSnapshot",
    "ReplyReceived",
    "ReportCommented",
    "ReportErased",
    "ReportFeedbackGiven",
    "ReportReopenRequested",
    "ReportSnapshot",
    "ReportSubmitted",
    "ReportSupported",
    "ReportTrackingOpened",
]
