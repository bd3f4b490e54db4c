"""Renders a bound photo: original → sanitiser → sealed renditions in the store → ready."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from melder_common.event_values import Rendition
from melder_common.events import PhotoReady, PhotoRejected
from melder_common.timers import Due, settle
from melder_common.unit_of_work import UnitOfWork, UnitsOfWork
from melder_media.domain.names import original_name, rendition_name, rendition_version
from melder_media.domain.photo import (
    GONE,
    OriginalAt,
    Photo,
    PhotoState,
    make_ready,
    reject,
)
from melder_media.domain.pictures import (
    CleanFile,
    Encoding,
    PictureRefused,
    PictureTooHard,
    Refusal,
)
from melder_media.parts import Parts
from melder_media.store import photos
from melder_media.store.sealing import DataKey
from melder_media.use_cases.release_photo import note_released

TRIES = 3
"""How often a picture may bring the sanitiser down before it counts as unreadable."""


@dataclass(frozen=True, slots=True)
class _Original:
    photo: Photo
    key: DataKey
    spooled: bytes


@dataclass(frozen=True, slots=True)
class _Rendered:
    photo_id: UUID
    version: str
    files: tuple[CleanFile, ...]


async def render_photo(due: Due, parts: Parts, units: UnitsOfWork) -> None:
    """The timer ``render_photo``; its key is the photo's id. Raises StoreUnavailable."""
    original = await _load(due, parts, units)
    if original is None:
        return
    photo = original.photo
    try:
        files = await _render(original, parts)
    except PictureRefused as refused:
        await _reject(due, photo.id, refused.refusal, units)
        return
    except PictureTooHard:
        if due.attempt < TRIES:
            raise
        await _reject(due, photo.id, Refusal.UNREADABLE, units)
        return
    rendered = _Rendered(photo.id, rendition_version(files), files)
    await _keep(rendered, original.key, parts)
    await _finish(due, rendered, parts, units)


async def _load(due: Due, parts: Parts, units: UnitsOfWork) -> _Original | None:
    async with units.begin() as unit:
        photo = await photos.get_photo(unit, UUID(due.key))
        if photo is None or not photo.waits_for_rendering or photo.wrapped_key is None:
            await settle(unit, due)
            return None
        spooled = b""
        if photo.original_at is OriginalAt.SPOOL:
            spooled = await photos.get_from_spool(unit, photo.id)
    return _Original(photo, parts.master_key.open(photo.wrapped_key, str(photo.id)), spooled)


async def _render(original: _Original, parts: Parts) -> tuple[CleanFile, ...]:
    name = original_name(original.photo.id)
    sealed = original.spooled or await parts.objects.get(parts.settings.s3_bucket_originals, name)
    content = await asyncio.to_thread(original.key.open, sealed, name)
    with _in_memory(content) as source:
        return await parts.sanitiser.render(source)


@contextmanager
def _in_memory(content: bytes) -> Iterator[int]:
    """A descriptor on ``content`` that never touches a disk."""
    descriptor = os.memfd_create("photo", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(content)
        yield descriptor
    finally:
        os.close(descriptor)


async def _keep(rendered: _Rendered, key: DataKey, parts: Parts) -> None:
    for file in rendered.files:
        name = rendition_name(rendered.photo_id, rendered.version, file.size, file.encoding)
        sealed = key.seal(file.content, name)
        await parts.objects.put(parts.settings.s3_bucket_renditions, name, sealed)


async def _finish(due: Due, rendered: _Rendered, parts: Parts, units: UnitsOfWork) -> None:
    shown = tuple(
        Rendition(name=file.size.value, width=file.width, height=file.height)
        for file in rendered.files
        if file.encoding is Encoding.WEBP
    )
    async with units.begin() as unit:
        photo = await photos.lock_photo(unit, rendered.photo_id)
        if photo is None or photo.state in GONE:
            await unit.plan("delete_photo", due.key, at=unit.now)
        elif photo.waits_for_rendering:
            ready = make_ready(photo, shown, rendered.version, now=unit.now)
            await _save_ready(unit, ready, parts)
        await settle(unit, due)


async def _save_ready(unit: UnitOfWork, ready: Photo, parts: Parts) -> None:
    await photos.save_photo(unit, ready)
    await photos.remove_previews(unit, ready.id)
    if ready.report_id is None:
        return
    unit.record(
        PhotoReady(photo_id=ready.id, report_id=ready.report_id, renditions=ready.renditions),
        aggregate_id=ready.id,
        report_id=ready.report_id,
    )
    if ready.state is PhotoState.RELEASED:
        await note_released(unit, ready, parts.settings.original_days_after_release)


async def _reject(due: Due, photo_id: UUID, refusal: Refusal, units: UnitsOfWork) -> None:
    async with units.begin() as unit:
        photo = await photos.lock_photo(unit, photo_id)
        if photo is not None and photo.waits_for_rendering:
            await photos.save_photo(unit, reject(photo, refusal))
            unit.record(
                PhotoRejected(photo_id=photo_id, report_id=photo.report_id, reason=refusal.value),
                aggregate_id=photo_id,
                report_id=photo.report_id,
            )
        await settle(unit, due)
