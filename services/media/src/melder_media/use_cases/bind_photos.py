"""Binds photos to the report that claims them, and has them rendered."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from melder_common.event_values import PhotoClaim
from melder_common.events import PhotoRejected
from melder_common.timers import Due, settle
from melder_common.unit_of_work import UnitOfWork, UnitsOfWork
from melder_media.domain.claims import SPOOLED, is_uploader
from melder_media.domain.photo import GONE, ClaimRefused, Photo, PhotoState, bind
from melder_media.domain.pictures import Refusal
from melder_media.parts import Parts
from melder_media.store import photos


async def bind_photos(
    unit: UnitOfWork,
    report_id: UUID,
    claims: Iterable[PhotoClaim],
    *,
    upload_key: bytes,
    patience: timedelta,
) -> None:
    """Bind what a report claims.

    A file that intake still has to pass on is waited for, ``patience`` long. A photo that is not
    here is answered with PhotoRejected. A claim on a photo of somebody else is passed over in
    silence: whatever were said of that photo would be heard of its rightful report too.
    """
    for claim in sorted(claims, key=lambda one: one.photo_id):
        await photos.lock_arrival(unit, claim.photo_id)
        photo = await photos.lock_photo(unit, claim.photo_id)
        if photo is not None:
            if _proves(claim, photo, report_id, upload_key):
                await _bind_known(unit, photo, report_id)
        elif claim.upload_token == SPOOLED:
            await _wait_for(unit, claim.photo_id, report_id, patience)
        else:
            _reject_claim(unit, claim.photo_id, report_id, Refusal.UNKNOWN_PHOTO)


def _proves(claim: PhotoClaim, photo: Photo, report_id: UUID, upload_key: bytes) -> bool:
    if claim.upload_token == SPOOLED:
        return photo.offered_for == report_id
    return is_uploader(upload_key, photo.id, claim.upload_token)


async def bind_received(unit: UnitOfWork, photo: Photo, report_id: UUID) -> None:
    """Bind a photo that may be bound, and have it rendered at once."""
    await photos.save_photo(unit, bind(photo, report_id))
    await unit.cancel("sweep_orphan", str(photo.id))
    await unit.cancel("expire_claim", str(photo.id))
    await unit.plan("render_photo", str(photo.id), at=unit.now)


async def expire_claim(due: Due, _parts: Parts, units: UnitsOfWork) -> None:
    """Tell a report that the file it waited for never came."""
    async with units.begin() as unit:
        photo_id = UUID(due.key)
        await photos.lock_arrival(unit, photo_id)
        report_id = await photos.take_pending_claim(unit, photo_id)
        if report_id is not None:
            _reject_claim(unit, photo_id, report_id, Refusal.NEVER_ARRIVED)
        await settle(unit, due)


async def _bind_known(unit: UnitOfWork, photo: Photo, report_id: UUID) -> None:
    if photo.state in GONE:
        _reject_claim(unit, photo.id, report_id, Refusal.UNKNOWN_PHOTO)
        return
    try:
        bound = bind(photo, report_id)
    except ClaimRefused:
        return
    if photo.report_id == report_id:
        return
    if photo.state is PhotoState.REJECTED:
        await photos.save_photo(unit, bound)
        _reject_claim(unit, photo.id, report_id, photo.refusal or Refusal.UNREADABLE)
        return
    await bind_received(unit, photo, report_id)


async def _wait_for(unit: UnitOfWork, photo_id: UUID, report_id: UUID, patience: timedelta) -> None:
    if await photos.add_pending_claim(unit, photo_id, report_id):
        await unit.plan("expire_claim", str(photo_id), at=unit.now + patience)


def _reject_claim(unit: UnitOfWork, photo_id: UUID, report_id: UUID, refusal: Refusal) -> None:
    unit.record(
        PhotoRejected(photo_id=photo_id, report_id=report_id, reason=refusal.value),
        aggregate_id=photo_id,
        report_id=report_id,
    )
