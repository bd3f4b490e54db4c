"""What intake tells the others: a report was accepted, talked about, erased."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from melder_common.event_values import ChannelKind, PhotoClaim, Place, SealedEnvelope
from melder_common.events.event import Event


class ReportSubmitted(Event):
    """A report was accepted: from here on it is a promise.

    Spoken by intake; heard by routing, media, notify. ``contact`` can be opened by notify only.
    """

    NAME = "report.submitted.v1"
    SPEAKER = "intake"
    AGGREGATE = "report"

    report_id: UUID
    number: str
    source: Literal["web", "open311", "phone"]
    api_client: str | None = None
    category: str = Field(description="slug of the category, the service_code of Open311")
    place: Place
    description: str
    attributes: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    photos: tuple[PhotoClaim, ...] = ()
    media_link: str | None = Field(default=None, description="a client's media_url, never fetched")
    hazard: bool = Field(default=False, description="the reporter says somebody is in danger")
    language: str = "de"
    channels: tuple[ChannelKind, ...] = ()
    contact: SealedEnvelope | None = None
    submitted_at: datetime
    title: str | None = None
    signals: tuple[str, ...] = Field(
        default=(), description="why a clerk should look before anything is published: honeypot …"
    )


class ReportTrackingOpened(Event):
    """The tracking link was opened for the first time, so the reporter can be asked there.

    Spoken by intake; heard by routing.
    """

    NAME = "report.tracking_opened.v1"
    SPEAKER = "intake"
    AGGREGATE = "report"

    report_id: UUID


class ReportSupported(Event):
    """Somebody else has seen it too. Spoken by intake; heard by routing."""

    NAME = "report.supported.v1"
    SPEAKER = "intake"
    AGGREGATE = "report"

    report_id: UUID
    supporters: int


class ReportCommented(Event):
    """The reporter, or a program that speaks Open311, answered a question or added something.

    Spoken by intake; heard by routing, media, which binds the photos.
    """

    NAME = "report.commented.v1"
    SPEAKER = "intake"
    AGGREGATE = "report"

    report_id: UUID
    comment_id: UUID
    text: str
    answers: UUID | None = Field(default=None, description="message_id of the question")
    photos: tuple[PhotoClaim, ...] = ()
    written_at: datetime
    api_client: str | None = Field(default=None, description="the program that sent it")
    by_reporter: bool = Field(
        default=True, description="not the words of somebody else, sent by another program"
    )


class ReportFeedbackGiven(Event):
    """The reporter says whether it is really fixed. Spoken by intake; heard by routing."""

    NAME = "report.feedback_given.v1"
    SPEAKER = "intake"
    AGGREGATE = "report"

    report_id: UUID
    fixed: bool
    text: str | None = None


class ReportReopenRequested(Event):
    """The reporter asks to open the case again. Spoken by intake; heard by routing."""

    NAME = "report.reopen_requested.v1"
    SPEAKER = "intake"
    AGGREGATE = "report"

    report_id: UUID
    reason: str


class ReportErased(Event):
    """The personal data of a report is to go everywhere; the case stays as statistics.

    Spoken by intake; heard by routing, media, notify.
    """

    NAME = "report.erased.v1"
    SPEAKER = "intake"
    AGGREGATE = "report"

    report_id: UUID
    cause: Literal["retention", "request", "operator"]


class ReportSnapshot(ReportSubmitted):
    """The whole report again, without its contact, for rebuilding views.

    Spoken by intake; heard by nobody yet.
    """

    NAME = "report.snapshot.v1"
