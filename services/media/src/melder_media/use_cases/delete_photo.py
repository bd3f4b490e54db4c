"""Deletes: erased reports' photos, withdrawn and orphaned uploads, originals after their time."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from melder_common.erasures import Erasure, note_erasures
from melder_common.events import PhotoDeleted
from melder_common.timers import Due, postpone, settle
from melder_common.unit_of_work import UnitOfWork, UnitsOfWork
from melder_media.domain.names import original_name, rendition_prefix
from melder_media.domain.photo import (
    GONE,
    OriginalAt,
    Photo,
    PhotoState,
    forget,
    start_erasing,
)
from melder_media.parts import Parts
from melder_media.store import photos

LOOK_AGAIN = timedelta(hours=1)
PHOTO = "photo"


class AlreadyClaimed(Exception):
    """The photo belongs to a report: its uploader cannot withdraw it any more."""


async def erase_photos(unit: UnitOfWork, report_id: UUID) -> None:
    """Take a report's photos out of sight for good, also those that are still to come."""
    for photo in await photos.lock_photos_of(unit, report_id):
        await _start(unit, photo)
    for photo_id in await photos.take_pending_claims_of(unit, report_id):
        await photos.lock_arrival(unit, photo_id)
        await photos.add_tombstone(unit, photo_id)
        await note_erasures(unit, PHOTO, [photo_id])
        await unit.cancel("expire_claim", str(photo_id))


async def erase_again(unit: UnitOfWork, noted: list[Erasure], _parts: Any) -> None:
    """Erase photos that a restored backup has brought back, or that intake may send once more."""
    for erasure in noted:
        if erasure.kind == PHOTO:
            await photos.lock_arrival(unit, erasure.id)
            photo = await photos.lock_photo(unit, erasure.id)
            if photo is None:
                await photos.add_tombstone(unit, erasure.id)
            else:
                await _start(unit, photo)


async def withdraw_upload(unit: UnitOfWork, photo_id: UUID) -> None:
    """Take an upload back before a report claims it; again is harmless. Raises AlreadyClaimed."""
    photo = await photos.lock_photo(unit, photo_id)
    if photo is None or photo.state in GONE:
        return
    if not photo.is_orphan:
        raise AlreadyClaimed
    await _start(unit, photo)


async def sweep_orphan(due: Due, parts: Parts, units: UnitsOfWork) -> None:
    """The timer ``sweep_orphan``: delete an upload that no report has claimed.

    While anything intake said is still on its way to this service, the claim may be among it.
    """
    nothing_is_on_its_way = await parts.arrivals.are_complete(units)
    async with units.begin() as unit:
        photo = await photos.lock_photo(unit, UUID(due.key))
        if photo is not None and photo.is_orphan:
            if not nothing_is_on_its_way:
                await postpone(unit, due, unit.now + LOOK_AGAIN)
                return
            await _start(unit, photo)
        await settle(unit, due)


async def delete_photo(due: Due, parts: Parts, units: UnitsOfWork) -> None:
    """The timer ``delete_photo``: empty every store of a photo. Raises StoreUnavailable."""
    photo_id = UUID(due.key)
    settings, objects = parts.settings, parts.objects
    await objects.delete(settings.s3_bucket_originals, [original_name(photo_id)])
    found = await objects.list_names(settings.s3_bucket_renditions, rendition_prefix(photo_id))
    await objects.delete(settings.s3_bucket_renditions, [name for name, _ in found])
    async with units.begin() as unit:
        photo = await photos.lock_photo(unit, photo_id)
        if photo is not None and photo.state is PhotoState.ERASING:
            await photos.save_photo(unit, forget(photo))
            unit.record(
                PhotoDeleted(photo_id=photo_id, report_id=photo.report_id),
                aggregate_id=photo_id,
                report_id=photo.report_id,
            )
        await settle(unit, due)


async def delete_original(due: Due, parts: Parts, units: UnitsOfWork) -> None:
    """The timer ``delete_original``: of a released photo only its renditions stay."""
    photo_id = UUID(due.key)
    async with units.begin() as unit:
        photo = await photos.get_photo(unit, photo_id)
        if photo is None or photo.state is not PhotoState.RELEASED:
            await settle(unit, due)
            return
    await parts.objects.delete(parts.settings.s3_bucket_originals, [original_name(photo_id)])
    async with units.begin() as unit:
        photo = await photos.lock_photo(unit, photo_id)
        if photo is not None and photo.state not in GONE:
            await photos.remove_from_spool(unit, photo_id)
            await photos.save_photo(unit, replace(photo, original_at=OriginalAt.NOWHERE))
        await settle(unit, due)


async def _start(unit: UnitOfWork, photo: Photo) -> None:
    if photo.state in GONE:
        return
    await photos.save_photo(unit, start_erasing(photo))
    await note_erasures(unit, PHOTO, [photo.id])
    await photos.remove_from_spool(unit, photo.id)
    await photos.remove_previews(unit, photo.id)
    await unit.cancel("sweep_orphan", str(photo.id))
    await unit.plan("delete_photo", str(photo.id), at=unit.now)
