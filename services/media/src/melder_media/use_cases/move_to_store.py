"""Moves a spooled original into the store as soon as that answers again."""

from dataclasses import replace
from uuid import UUID

from melder_common.timers import Due, settle
from melder_common.unit_of_work import UnitsOfWork
from melder_media.domain.names import original_name
from melder_media.domain.photo import GONE, OriginalAt
from melder_media.parts import Parts
from melder_media.store import photos


async def move_to_store(due: Due, parts: Parts, units: UnitsOfWork) -> None:
    """The timer ``move_to_store``; its key is the photo's id. Raises StoreUnavailable."""
    photo_id = UUID(due.key)
    async with units.begin() as unit:
        sealed = await photos.get_from_spool(unit, photo_id)
        if not sealed:
            await settle(unit, due)
            return
    await parts.objects.put(parts.settings.s3_bucket_originals, original_name(photo_id), sealed)
    async with units.begin() as unit:
        photo = await photos.lock_photo(unit, photo_id)
        if photo is None or photo.state in GONE:
            await unit.plan("delete_photo", due.key, at=unit.now)
        else:
            await photos.save_photo(unit, replace(photo, original_at=OriginalAt.STORE))
            await photos.remove_from_spool(unit, photo_id)
        await settle(unit, due)
