"""What routing tells the others about a case: who is responsible, what clerks did with it."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from melder_common.event_values import (
    BodyRef,
    Box,
    CaseState,
    CategoryRef,
    Place,
    PublicationPolicy,
    SealedEnvelope,
    Translated,
)
from melder_common.events.event import Event


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
