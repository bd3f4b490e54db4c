"""Makes a photo public, or takes it from the public again, as a clerk decided."""

from datetime import timedelta
from uuid import UUID

from melder_common.event_values import Box
from melder_common.events import PhotoRedacted, PhotoReleased
from melder_common.unit_of_work import UnitOfWork
from melder_media.domain.photo import SHOWABLE, Photo, PhotoState, hide, release
from melder_media.store import photos


async def release_photo(
    unit: UnitOfWork, photo_id: UUID, report_id: UUID, *, original_days: float
) -> None:
    """Everybody may see the photo from now on, or as soon as it is rendered."""
    photo = await photos.lock_photo(unit, photo_id)
    if photo is None or photo.report_id != report_id:
        return
    changed = release(photo, now=unit.now)
    await photos.save_photo(unit, changed)
    if changed.state is PhotoState.RELEASED and photo.state is not PhotoState.RELEASED:
        await note_released(unit, changed, original_days)


async def note_released(unit: UnitOfWork, photo: Photo, original_days: float) -> None:
    """Speak of a release, and have the original deleted when its time is over."""
    if photo.report_id is None:
        return
    unit.record(
        PhotoReleased(photo_id=photo.id, report_id=photo.report_id, renditions=photo.renditions),
        aggregate_id=photo.id,
        report_id=photo.report_id,
    )
    at = unit.now + timedelta(days=original_days)
    await unit.plan("delete_original", str(photo.id), at=at)


async def hide_photo(
    unit: UnitOfWork, photo_id: UUID, report_id: UUID, boxes: tuple[Box, ...]
) -> None:
    """Nobody but clerks sees the photo any more.

    ``boxes`` are noted; the photo stays hidden as long as they are not drawn.
    """
    photo = await photos.lock_photo(unit, photo_id)
    if photo is None or photo.report_id != report_id:
        return
    await photos.save_photo(unit, hide(photo, boxes))
    if photo.state in SHOWABLE:
        unit.record(
            PhotoRedacted(photo_id=photo_id, report_id=report_id, hidden=True),
            aggregate_id=photo_id,
            report_id=report_id,
        )
