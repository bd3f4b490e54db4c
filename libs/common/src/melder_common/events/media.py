"""What media tells the others: what became of a photo, and who looked at it."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from melder_common.event_values import Rendition
from melder_common.events.event import Event


class PhotoReceived(Event):
    """A photo was uploaded and is kept privately. Spoken by media; heard by nobody yet."""

    NAME = "photo.received.v1"
    SPEAKER = "media"
    AGGREGATE = "photo"

    photo_id: UUID
    bytes: int


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


class PhotoDeleted(Event):
    """A photo is gone from every store. Spoken by media; heard by intake, routing."""

    NAME = "photo.deleted.v1"
    SPEAKER = "media"
    AGGREGATE = "photo"

    photo_id: UUID
    report_id: UUID | None = None


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


class PhotoSnapshot(Event):
    """The whole photo again. Spoken by media; heard by intake."""

    NAME = "photo.snapshot.v1"
    SPEAKER = "media"
    AGGREGATE = "photo"

    photo_id: UUID
    report_id: UUID
    state: Literal["ready", "released", "hidden", "rejected"]
    renditions: tuple[Rendition, ...] = ()
