"""Every event of melder, declared once, in the order of a report's life (docs/life-of-a-report.md).

Each docstring names the one service that speaks the event and those that hear it; a test compares
them with every service's ``bus.py``. Payloads are frozen; readers ignore fields they do not know. A
new optional field keeps the version; anything else is a new class beside the old one. Texts that
citizens wrote travel in the clear only where a hearer needs them; contacts travel sealed.
"""

from datetime import datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from melder_common.event_values import (
    BodyRef,
    Box,
    CaseState,
    CategoryRef,
    ChannelKind,
    MultiPolygon,
    PhotoClaim,
    Place,
    PublicationPolicy,
    Question,
    Rendition,
    SealedEnvelope,
    Translated,
)


class Event(BaseModel):
    """Something that happened. ``NAME`` is what travels on the wire, version last.

    ``ALSO_ABOUT`` names the fields with ids of other reports that it changes something for.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    NAME: ClassVar[str]
    SPEAKER: ClassVar[str]
    AGGREGATE: ClassVar[str]
    ALSO_ABOUT: ClassVar[tuple[str, ...]] = ()


# 1 the photo comes first


class PhotoReceived(Event):
    """A photo was uploaded and is kept privately. Spoken by media; heard by nobody yet."""

    NAME = "photo.received.v1"
    SPEAKER = "media"
    AGGREGATE = "photo"

    photo_id: UUID
    bytes: int


# 2 the report is accepted


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


# 3 photos are cleaned


class PhotoReady(Event):
    """A photo was bound to its report, cleaned and rendered; it is not public.

    Spoken by media; heard by intake, routing.
    """

    NAME = "photo.ready.v1"
    SPEAKER = "media"
    AGGREGATE = "photo"

    photo_id: UUID
    report_id: UUID
    renditions: tuple[Rendition, ...]


class PhotoRejected(Event):
    """A photo could not be used. Spoken by media; heard by intake, routing."""

    NAME = "photo.rejected.v1"
    SPEAKER = "media"
    AGGREGATE = "photo"

    photo_id: UUID
    report_id: UUID | None = None
    reason: str = Field(description="a code: not_an_image, too_many_pixels, unknown_photo …")


# 4 somebody is responsible


class CaseRouted(Event):
    """The responsible body was decided and the case lies in a queue, also after re-routing.

    Spoken by routing; heard by intake, notify. ``responsible`` is empty while nobody is decided
    ("wird geklärt"); ``working`` is then the clearing body. ``reason`` holds the citizen's
    sentence by language.
    """

    NAME = "case.routed.v1"
    SPEAKER = "routing"
    AGGREGATE = "case"

    case_id: UUID
    report_id: UUID
    number: str
    status: Literal["decided", "ambiguous", "unserved"]
    responsible: BodyRef | None
    working: BodyRef
    candidates: tuple[BodyRef, ...] = ()
    municipality: str | None = None
    border: bool = False
    snapped: bool = False
    border_distance_m: float | None = None
    reason: Translated
    category: CategoryRef
    place: Place
    policy: PublicationPolicy
    usual_days: float | None = Field(default=None, description="median days to the closing")
    boundary_version: str
    rerouted: bool = False


# 5 the reporter hears of it


class NotificationSent(Event):
    """A message left for one recipient, whose address is not told.

    Spoken by notify; heard by routing (the desk's mail log).
    """

    NAME = "notification.sent.v1"
    SPEAKER = "notify"
    AGGREGATE = "notification"

    notification_id: UUID
    report_id: UUID
    kind: str
    channel: ChannelKind
    sent_at: datetime


class NotificationFailed(Event):
    """A message could not be delivered for good. Spoken by notify; heard by routing."""

    NAME = "notification.failed.v1"
    SPEAKER = "notify"
    AGGREGATE = "notification"

    notification_id: UUID
    report_id: UUID
    kind: str
    channel: ChannelKind
    reason: str


class ContactConfirmed(Event):
    """The address was confirmed by its owner.

    Spoken by notify; heard by routing (a question can now be asked by mail).
    """

    NAME = "contact.confirmed.v1"
    SPEAKER = "notify"
    AGGREGATE = "contact"

    contact_id: UUID
    report_id: UUID
    channel: ChannelKind


# 6 clerks work


class CaseStatusChanged(Event):
    """A case came into another state. Spoken by routing; heard by intake, notify.

    ``message`` is the public word to the reporter, ``reason`` the code of a closing reason.
    """

    NAME = "case.status_changed.v1"
    SPEAKER = "routing"
    AGGREGATE = "case"

    case_id: UUID
    report_id: UUID
    state: CaseState
    previous: CaseState
    message: str | None = None
    reason: str | None = None
    body: BodyRef
    changed_at: datetime


class CaseHandedOver(Event):
    """The case went, or is asked to go, to another body.

    Spoken by routing; heard by intake, notify.
    """

    NAME = "case.handed_over.v1"
    SPEAKER = "routing"
    AGGREGATE = "case"

    case_id: UUID
    report_id: UUID
    step: Literal["proposed", "accepted", "returned", "withdrawn", "to_clearing"]
    sender: BodyRef
    receiver: BodyRef
    reason: str
    changed_at: datetime


class CaseMerged(Event):
    """The case goes on as part of another, or was split off again.

    Spoken by routing; heard by intake, notify.
    """

    NAME = "case.merged.v1"
    SPEAKER = "routing"
    AGGREGATE = "case"
    ALSO_ABOUT = ("into_report_id",)

    case_id: UUID
    report_id: UUID
    into_case_id: UUID
    into_report_id: UUID
    undone: bool = False


class CaseRelocated(Event):
    """The pin was moved. Spoken by routing; heard by intake."""

    NAME = "case.relocated.v1"
    SPEAKER = "routing"
    AGGREGATE = "case"

    case_id: UUID
    report_id: UUID
    place: Place
    municipality: str | None = None


class CaseRecategorised(Event):
    """The category was corrected. Spoken by routing; heard by intake."""

    NAME = "case.recategorised.v1"
    SPEAKER = "routing"
    AGGREGATE = "case"

    case_id: UUID
    report_id: UUID
    category: CategoryRef
    policy: PublicationPolicy


class CaseMessagePosted(Event):
    """A body wrote to the reporter. Spoken by routing; heard by intake, notify.

    A ``question`` waits for an answer; an ``answer`` and a ``note`` do not.
    """

    NAME = "case.message_posted.v1"
    SPEAKER = "routing"
    AGGREGATE = "case"

    case_id: UUID
    report_id: UUID
    message_id: UUID
    kind: Literal["question", "answer", "note"]
    text: str
    body: BodyRef
    public: bool = False
    posted_at: datetime


class CaseLinkIssued(Event):
    """A body without a desk is to get an e-mail with its own link to this one case.

    Spoken by routing; heard by notify. ``letter`` can be opened by notify only: JSON with ``email``
    (the body's mailbox), ``url`` (the link; whoever has it may act for the body), ``lat``,
    ``long`` and ``address`` of the place. ``mail_id`` names the message for good, ``first_mail_id``
    the one that begins its thread. ``ask`` answers questions, by ``ask_contact``.
    """

    NAME = "case.link_issued.v1"
    SPEAKER = "routing"
    AGGREGATE = "case"

    case_id: UUID
    report_id: UUID
    number: str
    mail_id: UUID
    first_mail_id: UUID
    occasion: Literal["new", "again", "reopened", "reminder"]
    body: BodyRef
    language: str = "de"
    responsible: BodyRef | None
    category: CategoryRef
    municipality: str | None = None
    hazard: bool = False
    due_at: datetime
    ask: BodyRef
    ask_contact: Translated = Field(default_factory=dict)
    letter: SealedEnvelope
    issued_at: datetime


class CaseTextReleased(Event):
    """A clerk, or the category's policy, made the description public.

    Spoken by routing; heard by intake. ``text`` is what may be shown, already masked.
    """

    NAME = "case.text_released.v1"
    SPEAKER = "routing"
    AGGREGATE = "case"

    case_id: UUID
    report_id: UUID
    text: str


class CaseTextRedacted(Event):
    """The public text was replaced or taken back (empty). Spoken by routing; heard by intake."""

    NAME = "case.text_redacted.v1"
    SPEAKER = "routing"
    AGGREGATE = "case"

    case_id: UUID
    report_id: UUID
    text: str | None


class CasePhotoReleased(Event):
    """A clerk wants a photo public. Spoken by routing; heard by media, which carries it out."""

    NAME = "case.photo_released.v1"
    SPEAKER = "routing"
    AGGREGATE = "case"

    case_id: UUID
    report_id: UUID
    photo_id: UUID


class CasePhotoRedacted(Event):
    """A clerk wants regions of a photo unreadable, or the photo hidden.

    Spoken by routing; heard by media.
    """

    NAME = "case.photo_redacted.v1"
    SPEAKER = "routing"
    AGGREGATE = "case"

    case_id: UUID
    report_id: UUID
    photo_id: UUID
    boxes: tuple[Box, ...] = ()
    hidden: bool = False


class PhotoReleased(Event):
    """A photo can be fetched by everybody. Spoken by media; heard by intake, routing."""

    NAME = "photo.released.v1"
    SPEAKER = "media"
    AGGREGATE = "photo"

    photo_id: UUID
    report_id: UUID
    renditions: tuple[Rendition, ...]


class PhotoRedacted(Event):
    """Regions were made unreadable, or the photo was hidden again.

    Spoken by media; heard by intake, routing.
    """

    NAME = "photo.redacted.v1"
    SPEAKER = "media"
    AGGREGATE = "photo"

    photo_id: UUID
    report_id: UUID
    hidden: bool
    renditions: tuple[Rendition, ...] = ()


# 7 the reporter takes part


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


class ReplyReceived(Event):
    """A mail answer came in, without quotes and signature.

    Spoken by notify; heard by intake, which makes it a comment.
    """

    NAME = "reply.received.v1"
    SPEAKER = "notify"
    AGGREGATE = "contact"

    report_id: UUID
    reply_id: UUID
    text: str
    received_at: datetime


# 8 closed, or not


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


# 9 erased when its time is over


class ReportErased(Event):
    """The personal data of a report is to go everywhere; the case stays as statistics.

    Spoken by intake; heard by routing, media, notify.
    """

    NAME = "report.erased.v1"
    SPEAKER = "intake"
    AGGREGATE = "report"

    report_id: UUID
    cause: Literal["retention", "request", "operator"]


class ContactErased(Event):
    """A contact was erased. Spoken by notify; heard by routing (nobody can be asked any more)."""

    NAME = "contact.erased.v1"
    SPEAKER = "notify"
    AGGREGATE = "contact"

    contact_id: UUID
    report_id: UUID


class PhotoDeleted(Event):
    """A photo is gone from every store. Spoken by media; heard by intake, routing."""

    NAME = "photo.deleted.v1"
    SPEAKER = "media"
    AGGREGATE = "photo"

    photo_id: UUID
    report_id: UUID | None = None


# beside the way: the catalogue, the audit, snapshots


class CatalogueBodyDescribed(Event):
    """A body as it is now. Spoken by routing; heard by intake, notify."""

    NAME = "catalogue.body_described.v1"
    SPEAKER = "routing"
    AGGREGATE = "catalogue"

    body: BodyRef
    kind: str
    ars: str | None = None
    aliases: tuple[str, ...] = ()
    participation: Literal["desk", "link", "open311", "notice_only"]
    contact_text: Translated = Field(default_factory=dict)
    parent: str | None = None
    removed: bool = False


class CatalogueCategoryDescribed(Event):
    """A category with its questions and policy. Spoken by routing; heard by intake, notify."""

    NAME = "catalogue.category_described.v1"
    SPEAKER = "routing"
    AGGREGATE = "catalogue"

    category: CategoryRef
    description: Translated
    keywords: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    policy: PublicationPolicy
    type: Literal["realtime", "batch", "blackbox"] = "realtime"
    order: int = 0
    removed: bool = False


class CatalogueReceptionAreaDescribed(Event):
    """Where reports are taken: outline + margin − excluded areas, WGS 84.

    Spoken by routing; heard by intake.
    """

    NAME = "catalogue.reception_area_described.v1"
    SPEAKER = "routing"
    AGGREGATE = "catalogue"

    area: MultiPolygon
    outline: MultiPolygon
    bbox: tuple[float, float, float, float]


class CataloguePublished(Event):
    """The catalogue before this event is complete. Spoken by routing; heard by intake, notify."""

    NAME = "catalogue.published.v1"
    SPEAKER = "routing"
    AGGREGATE = "catalogue"

    version: int
    region: str
    name: str
    jurisdiction_id: str
    bodies: int
    categories: int
    digest: str = Field(description="SHA-256 over the described entries, hex")
    contact: Translated = Field(default_factory=dict)
    emergency: Translated = Field(default_factory=dict)


class AccessGranted(Event):
    """A clerk used a signed grant in another service. Spoken by media; heard by routing (audit)."""

    NAME = "access.granted.v1"
    SPEAKER = "media"
    AGGREGATE = "photo"

    grant_id: UUID
    clerk_id: UUID
    action: str
    object_id: UUID
    report_id: UUID | None = None
    used_at: datetime


class ContactAccessGranted(AccessGranted):
    """As AccessGranted, for contacts and the mail log. Spoken by notify; heard by routing."""

    NAME = "contact_access.granted.v1"
    SPEAKER = "notify"
    AGGREGATE = "contact"


class ReportSnapshot(ReportSubmitted):
    """The whole report again, without its contact, for rebuilding views.

    Spoken by intake; heard by nobody yet.
    """

    NAME = "report.snapshot.v1"


class CaseSnapshot(CaseRouted):
    """The whole case as the public may see it, for rebuilding views.

    Spoken by routing; heard by intake.
    """

    NAME = "case.snapshot.v1"

    state: CaseState
    public_text: str | None = None
    changed_at: datetime
    opened_at: datetime
    timeline: tuple[CaseStatusChanged, ...] = ()


class PhotoSnapshot(Event):
    """The whole photo again. Spoken by media; heard by intake."""

    NAME = "photo.snapshot.v1"
    SPEAKER = "media"
    AGGREGATE = "photo"

    photo_id: UUID
    report_id: UUID
    state: Literal["ready", "released", "hidden", "rejected"]
    renditions: tuple[Rendition, ...] = ()


def _all_events(parent: type[Event]) -> dict[str, type[Event]]:
    found: dict[str, type[Event]] = {}
    for child in parent.__subclasses__():
        found[child.NAME] = child
        found.update(_all_events(child))
    return found


CATALOGUE: dict[str, type[Event]] = _all_events(Event)
"""Every event class by its name on the wire."""

EventName = Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z_]+\.v\d+$")]
