"""Takes a file: looks at it, seals it, keeps it in the store or, if that is away, the spool."""

import asyncio
import os
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from melder_common.events import PhotoReceived, PhotoRejected
from melder_common.unit_of_work import UnitOfWork, UnitsOfWork
from melder_media.domain.names import original_name, preview_name
from melder_media.domain.photo import OriginalAt, Photo, PhotoState, reject
from melder_media.domain.pictures import (
    Encoding,
    Inspection,
    PictureRefused,
    PictureTooHard,
    Refusal,
)
from melder_media.parts import Parts
from melder_media.store import photos
from melder_media.store.object_store import StoreUnavailable
from melder_media.store.sealing import MasterKey
from melder_media.use_cases.bind_photos import bind_received


class SpoolFull(Exception):
    """The store is away and the spool holds all it may: try later."""


class PhotoGone(Exception):
    """This photo was erased or withdrawn; it must not come again."""


@dataclass(frozen=True, slots=True)
class SealedUpload:
    """An upload as it is kept. ``size``: bytes of the original."""

    photo_id: UUID
    wrapped_key: bytes
    original: bytes
    previews: dict[Encoding, bytes]
    size: int
    kind: str


async def take_upload(
    source: int, *, photo_id: UUID, parts: Parts, units: UnitsOfWork
) -> Inspection:
    """Keep the picture in the descriptor ``source`` under the minted ``photo_id``.

    Raises PictureRefused, SanitiserBusy, SpoolFull.
    """
    inspection = await _inspect(source, parts)
    sealed = await asyncio.to_thread(_seal, source, inspection, photo_id, parts.master_key)
    await _keep(sealed, None, parts, units)
    return inspection


async def take_spooled_file(
    source: int, *, photo_id: UUID, report_id: UUID, parts: Parts, units: UnitsOfWork
) -> None:
    """Keep a file that intake had accepted with a report; the same file again changes nothing.

    A picture that is refused is noted, so that the report's claim gets its answer. Raises as
    ``take_upload``, and PhotoGone.
    """
    async with units.begin() as unit:
        known = await photos.get_photo(unit, photo_id)
    if known is not None:
        _check_known(known)
        return
    try:
        inspection = await _inspect(source, parts)
    except PictureRefused as refused:
        async with units.begin() as unit:
            await _note_refusal(unit, photo_id, report_id, refused.refusal)
        raise
    sealed = await asyncio.to_thread(_seal, source, inspection, photo_id, parts.master_key)
    await _keep(sealed, report_id, parts, units)


def _check_known(known: Photo) -> None:
    if known.state in {PhotoState.ERASING, PhotoState.DELETED}:
        raise PhotoGone
    if known.state is PhotoState.REJECTED and known.refusal is not None:
        raise PictureRefused(known.refusal)


async def _inspect(source: int, parts: Parts) -> Inspection:
    try:
        return await parts.sanitiser.inspect(source)
    except PictureTooHard as error:
        raise PictureRefused(Refusal.UNREADABLE) from error


async def _keep(
    sealed: SealedUpload, offered_for: UUID | None, parts: Parts, units: UnitsOfWork
) -> None:
    new = Photo(
        id=sealed.photo_id,
        state=PhotoState.RECEIVED,
        original_at=await _store_original(sealed, parts),
        offered_for=offered_for,
        wrapped_key=sealed.wrapped_key,
    )
    async with units.begin() as unit:
        await _receive(unit, new, sealed, parts)


async def _store_original(sealed: SealedUpload, parts: Parts) -> OriginalAt:
    bucket, patience = parts.settings.s3_bucket_originals, parts.settings.s3_upload_seconds
    name = original_name(sealed.photo_id)
    try:
        await parts.objects.put(bucket, name, sealed.original, deadline=patience)
    except StoreUnavailable:
        return OriginalAt.SPOOL
    return OriginalAt.STORE


def _seal(source: int, inspection: Inspection, photo_id: UUID, master: MasterKey) -> SealedUpload:
    size = os.fstat(source).st_size
    wrapped = master.new_data_key(str(photo_id))
    key = master.open(wrapped, str(photo_id))
    previews = {
        file.encoding: key.seal(file.content, preview_name(photo_id, file.encoding))
        for file in inspection.preview
    }
    original = key.seal(os.pread(source, size, 0), original_name(photo_id))
    return SealedUpload(photo_id, wrapped, original, previews, size, inspection.format.value)


async def _receive(unit: UnitOfWork, new: Photo, sealed: SealedUpload, parts: Parts) -> None:
    await photos.lock_arrival(unit, new.id)
    known = await photos.get_photo(unit, new.id)
    if known is not None:
        _check_known(known)
        return
    spooled = new.original_at is OriginalAt.SPOOL
    if spooled:
        held = await photos.get_spooled_bytes(unit)
        if held + len(sealed.original) > parts.settings.spool_quota_bytes:
            raise SpoolFull
    await photos.add_photo(
        unit, new, size=sealed.size, sealed_size=len(sealed.original), kind=sealed.kind
    )
    if spooled:
        await photos.add_to_spool(unit, new.id, sealed.original)
        await unit.plan("move_to_store", str(new.id), at=unit.now + timedelta(seconds=5))
    await photos.add_preview(unit, new.id, sealed.previews)
    unit.record(PhotoReceived(photo_id=new.id, bytes=sealed.size), aggregate_id=new.id)
    swept_at = unit.now + timedelta(days=parts.settings.orphan_days)
    await unit.plan("sweep_orphan", str(new.id), at=swept_at)
    claimed_by = await photos.take_pending_claim(unit, new.id)
    if claimed_by is not None and claimed_by == new.offered_for:
        await bind_received(unit, new, claimed_by)


async def _note_refusal(
    unit: UnitOfWork, photo_id: UUID, report_id: UUID, refusal: Refusal
) -> None:
    await photos.lock_arrival(unit, photo_id)
    if await photos.get_photo(unit, photo_id) is not None:
        return
    empty = Photo(
        id=photo_id,
        state=PhotoState.RECEIVED,
        original_at=OriginalAt.NOWHERE,
        offered_for=report_id,
    )
    refused = reject(empty, refusal)
    claimed_by = await photos.take_pending_claim(unit, photo_id)
    if claimed_by == report_id:
        refused = replace(refused, report_id=report_id)
        unit.record(
            PhotoRejected(photo_id=photo_id, report_id=report_id, reason=refusal.value),
            aggregate_id=photo_id,
            report_id=report_id,
        )
    await photos.add_photo(unit, refused, size=0, sealed_size=0, kind=None)
