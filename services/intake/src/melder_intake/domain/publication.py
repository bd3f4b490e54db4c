"""What of a report may be public. Whoever shows reports gets a ``PublicReport`` and nothing else.

The policy comes with the category and the body: text and photo after a clerk's release or never,
the place at once, after review, or never. Category, state and body are always public; while the
place is not, only the municipality is shown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from melder_common.event_values import (
    CLOSED_STATES,
    BodyRef,
    CaseState,
    PublicationPolicy,
    Rendition,
    Translated,
)
from melder_common.text import mask_personal_data

IsFreeText = Callable[[str, str], bool]
"""Whether the answer to a category's question (both by their codes) is typed freely."""


@dataclass(frozen=True, slots=True)
class KnownPhoto:
    """A photo as media last spoke of it: received, ready, released, hidden, rejected, deleted."""

    photo_id: UUID
    state: str
    renditions: tuple[Rendition, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class KnownReport:
    """Everything the view remembers of a report, public or not."""

    report_id: UUID
    number: str
    submitted_at: datetime
    changed_at: datetime
    category: str
    state: CaseState
    policy: PublicationPolicy
    lat: float | None = None
    long: float | None = None
    address: str | None = None
    text: str | None = None
    municipality: str | None = None
    decision: str | None = None
    responsible: BodyRef | None = None
    working: BodyRef | None = None
    asked: BodyRef | None = None
    border: bool = False
    border_distance_m: float | None = None
    reason: Translated | None = None
    usual_days: float | None = None
    reviewed_at: datetime | None = None
    closed_at: datetime | None = None
    erased_at: datetime | None = None
    duplicate_of: str | None = None
    photos: tuple[KnownPhoto, ...] = ()


@dataclass(frozen=True, slots=True)
class PublicPlace:
    """A place that may be shown, WGS 84."""

    lat: float
    long: float
    address: str | None = None


@dataclass(frozen=True, slots=True)
class PublicReport:
    """A report as everybody may see it; what is hidden is not in here."""

    number: str
    submitted_at: datetime
    changed_at: datetime
    closed_at: datetime | None
    category: str
    state: CaseState
    decision: str | None
    responsible: BodyRef | None
    working: BodyRef | None
    asked: BodyRef | None
    municipality: str | None
    reason: Translated
    usual_days: float | None
    duplicate_of: str | None
    erased: bool
    text: str | None
    place: PublicPlace | None
    photos: tuple[KnownPhoto, ...]

    @property
    def closed(self) -> bool:
        """Whether Open311 calls it closed."""
        return self.state in CLOSED_STATES

    @property
    def updated_at(self) -> datetime:
        """The last change; of a closed one the closing (GeoReport v2)."""
        return self.closed_at or self.changed_at


@dataclass(frozen=True, slots=True)
class SentDetails:
    """What was sent beside the description. ``asset``: type (if given) and number of an object."""

    category: str
    title: str | None = None
    description: str | None = None
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    asset_type: str | None = None
    asset_id: str | None = None


@dataclass(frozen=True, slots=True)
class PublicDetails:
    """The part of it that everybody may see; ``category`` is the one the questions belong to."""

    category: str
    title: str | None = None
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    asset_type: str | None = None
    asset_id: str | None = None


def publish_details(known: KnownReport, sent: SentDetails, is_free: IsFreeText) -> PublicDetails:
    """What everybody may see of ``sent``.

    Answers go with the text; what was typed beside it is reviewed by nobody, so it is shown only
    where the policy wants no review and no clerk has changed the text. An object tells its place.
    """
    placed = _public_place(known) is not None
    titled = sent.title is not None and _typed_is_public(known, sent)
    return PublicDetails(
        category=sent.category,
        title=mask_personal_data(sent.title or "") if titled else None,
        attributes=_public_answers(known, sent, is_free),
        asset_type=sent.asset_type if placed else None,
        asset_id=sent.asset_id if placed else None,
    )


def publish(known: KnownReport) -> PublicReport:
    """What everybody may see of ``known``."""
    place = _public_place(known)
    return PublicReport(
        number=known.number,
        submitted_at=known.submitted_at,
        changed_at=known.changed_at,
        closed_at=known.closed_at,
        category=known.category,
        state=known.state,
        decision=known.decision,
        responsible=known.responsible,
        working=known.working,
        asked=known.asked,
        municipality=known.municipality,
        # the sentence tells distances, so it goes with the place
        reason=known.reason or {} if place else {},
        usual_days=known.usual_days,
        duplicate_of=known.duplicate_of,
        erased=known.erased_at is not None,
        text=_public_text(known),
        place=place,
        photos=_public_photos(known),
    )


def place_is_public(policy_place: str, *, reviewed: bool, erased: bool) -> bool:
    """Whether the exact place may be shown."""
    if erased or policy_place == "never":
        return False
    return policy_place == "at_once" or reviewed


def _public_place(known: KnownReport) -> PublicPlace | None:
    shown = place_is_public(
        known.policy.place,
        reviewed=known.reviewed_at is not None,
        erased=known.erased_at is not None,
    )
    if not shown or known.lat is None or known.long is None:
        return None
    return PublicPlace(known.lat, known.long, known.address)


def _public_text(known: KnownReport) -> str | None:
    if known.policy.text == "never" or known.erased_at is not None:
        return None
    return known.text or None


def _public_photos(known: KnownReport) -> tuple[KnownPhoto, ...]:
    if known.policy.photo == "never" or known.erased_at is not None:
        return ()
    return tuple(photo for photo in known.photos if photo.state == "released")


def _typed_is_public(known: KnownReport, sent: SentDetails) -> bool:
    shown = _public_text(known)
    if shown is None or known.policy.text != "at_once":
        return False
    return shown == mask_personal_data(sent.description or "")


def _public_answers(
    known: KnownReport, sent: SentDetails, is_free: IsFreeText
) -> Mapping[str, tuple[str, ...]]:
    if _public_text(known) is None:
        return {}
    typed_too = _typed_is_public(known, sent)
    return {
        code: tuple(mask_personal_data(value) for value in values)
        for code, values in sent.attributes.items()
        if typed_too or not is_free(sent.category, code)
    }
