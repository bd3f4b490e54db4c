"""Decides who may see a picture, and finds it: everybody, a clerk with a grant, its uploader."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from melder_common.events import AccessGranted
from melder_common.grants import Grant
from melder_common.unit_of_work import UnitOfWork
from melder_media.domain.names import preview_name, rendition_name
from melder_media.domain.photo import GONE, SHOWABLE, Photo, PhotoState
from melder_media.domain.pictures import Encoding, Size
from melder_media.parts import Parts
from melder_media.store import photos

KEEP_GRANT_USES = timedelta(days=1)
"""Grants live for a minute; how long it is remembered which were noted."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A picture that somebody asks for, and by what right."""

    photo_id: UUID
    size: Size
    encoding: Encoding
    grant: Grant | None = None
    is_uploader: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A picture that may be shown. ``preview``: its sealed bytes, if they lie in the database.

    ``version`` changes with what the picture shows; ``public``: everybody may see it.
    """

    name: str
    wrapped_key: bytes
    version: str
    public: bool
    preview: bytes | None = None


async def find_picture(unit: UnitOfWork, wanted: Wanted) -> Found | None:
    """The picture, or None for everything the asker may not know of.

    A clerk's first look with a grant is recorded for the audit.
    """
    photo = await photos.get_photo(unit, wanted.photo_id)
    if photo is None or photo.wrapped_key is None:
        return None
    if photo.state is PhotoState.RELEASED:
        return _rendition(photo, wanted)
    if wanted.grant is not None and photo.state in SHOWABLE:
        await _record_access(unit, wanted.grant, photo)
        return _rendition(photo, wanted)
    if wanted.is_uploader and wanted.size is Size.THUMBNAIL and photo.state not in GONE:
        return _rendition(photo, wanted) or await _preview(unit, photo, wanted)
    return None


async def open_picture(found: Found, photo_id: UUID, parts: Parts) -> bytes:
    """The picture's bytes. Raises StoreUnavailable, ObjectMissing, CannotOpen."""
    sealed = found.preview
    if sealed is None:
        sealed = await parts.objects.get(parts.settings.s3_bucket_renditions, found.name)
    return parts.master_key.open(found.wrapped_key, str(photo_id)).open(sealed, found.name)


def _rendition(photo: Photo, wanted: Wanted) -> Found | None:
    if photo.rendition_version is None or photo.wrapped_key is None:
        return None
    version = photo.rendition_version
    return Found(
        name=rendition_name(photo.id, version, wanted.size, wanted.encoding),
        wrapped_key=photo.wrapped_key,
        version=version,
        public=photo.state is PhotoState.RELEASED,
    )


async def _preview(unit: UnitOfWork, photo: Photo, wanted: Wanted) -> Found | None:
    sealed = await photos.get_preview(unit, photo.id, wanted.encoding)
    if sealed is None or photo.wrapped_key is None:
        return None
    name = preview_name(photo.id, wanted.encoding)
    return Found(name, photo.wrapped_key, "preview", public=False, preview=sealed)


async def _record_access(unit: UnitOfWork, grant: Grant, photo: Photo) -> None:
    if not await photos.add_grant_use(unit, grant.grant_id):
        return
    await photos.remove_grant_uses(unit, before=unit.now - KEEP_GRANT_USES)
    unit.record(
        AccessGranted(
            grant_id=grant.grant_id,
            clerk_id=grant.clerk_id,
            action=grant.action,
            object_id=photo.id,
            report_id=photo.report_id,
            used_at=unit.now,
        ),
        aggregate_id=photo.id,
        report_id=photo.report_id,
    )
