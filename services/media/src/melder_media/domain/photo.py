"""A photo and its life: received → bound to a report → ready → released or hidden → erased.

Public is only ``released``. Whatever is asked too early is remembered and done when it can be.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from melder_common.event_values import Box, Rendition
from melder_media.domain.pictures import Refusal


class PhotoState(StrEnum):
    """How far a photo is.

    ``received``: uploaded, perhaps bound, not yet rendered. ``erasing``: hidden from everybody
    until the stores are empty. ``deleted``: only the id is left, so that a late copy is refused.
    """

    RECEIVED = "received"
    READY = "ready"
    RELEASED = "released"
    HIDDEN = "hidden"
    REJECTED = "rejected"
    ERASING = "erasing"
    DELETED = "deleted"


class OriginalAt(StrEnum):
    """Where the sealed original lies."""

    STORE = "store"
    SPOOL = "spool"
    NOWHERE = "nowhere"


SHOWABLE = frozenset({PhotoState.READY, PhotoState.RELEASED, PhotoState.HIDDEN})
"""States in which renditions exist and a clerk may look at them."""

GONE = frozenset({PhotoState.ERASING, PhotoState.DELETED})


class ClaimRefused(Exception):
    """The photo belongs to another report, or is gone."""


@dataclass(frozen=True, slots=True)
class Photo:
    """``offered_for``: the report whose spooled file this is, known before that report claims it.

    ``wrapped_key``: the data key under which original and renditions are sealed.
    ``redactions``: regions to make unreadable; until they are drawn the photo stays hidden.
    """

    id: UUID
    state: PhotoState
    original_at: OriginalAt
    report_id: UUID | None = None
    offered_for: UUID | None = None
    wrapped_key: bytes | None = None
    renditions: tuple[Rendition, ...] = ()
    rendition_version: str | None = None
    redactions: tuple[Box, ...] = ()
    wants_release: bool = False
    refusal: Refusal | None = None
    released_at: datetime | None = None

    @property
    def is_orphan(self) -> bool:
        """Whether no report has claimed it."""
        return self.report_id is None and self.state not in GONE

    @property
    def waits_for_rendering(self) -> bool:
        """Whether it belongs to a report and its renditions are still missing."""
        return self.state is PhotoState.RECEIVED and self.report_id is not None


def bind(photo: Photo, report_id: UUID) -> Photo:
    """The photo as part of a report. Raises ClaimRefused when it is another's, or gone."""
    if photo.state in GONE or photo.report_id not in {None, report_id}:
        raise ClaimRefused
    if photo.offered_for not in {None, report_id}:
        raise ClaimRefused
    return replace(photo, report_id=report_id)


def make_ready(
    photo: Photo, renditions: tuple[Rendition, ...], version: str, *, now: datetime
) -> Photo:
    """The photo with its renditions; released at once when a clerk asked for that before."""
    ready = replace(photo, state=PhotoState.READY, renditions=renditions, rendition_version=version)
    return release(ready, now=now) if photo.wants_release else ready


def reject(photo: Photo, refusal: Refusal) -> Photo:
    """The photo as unusable."""
    return replace(photo, state=PhotoState.REJECTED, refusal=refusal)


def release(photo: Photo, *, now: datetime) -> Photo:
    """The photo as everybody may see it, or the wish noted while it cannot be shown yet."""
    if photo.state is PhotoState.RECEIVED:
        return replace(photo, wants_release=True)
    if photo.state not in {PhotoState.READY, PhotoState.HIDDEN} or photo.redactions:
        return photo
    return replace(photo, state=PhotoState.RELEASED, wants_release=False, released_at=now)


def hide(photo: Photo, boxes: tuple[Box, ...] = ()) -> Photo:
    """The photo taken from the public. Regions to be made unreadable keep it there until drawn."""
    state = PhotoState.HIDDEN if photo.state in SHOWABLE else photo.state
    return replace(photo, state=state, wants_release=False, redactions=(*photo.redactions, *boxes))


def start_erasing(photo: Photo) -> Photo:
    """The photo out of everybody's sight; its data key goes at once, so what is left is noise."""
    return replace(photo, state=PhotoState.ERASING, wants_release=False, wrapped_key=None)


def forget(photo: Photo) -> Photo:
    """The id alone, after every store has been emptied."""
    return Photo(id=photo.id, state=PhotoState.DELETED, original_at=OriginalAt.NOWHERE)
