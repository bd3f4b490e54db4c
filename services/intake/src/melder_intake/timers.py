"""What falls due at intake: kind → what is done. Media is called between units, never within."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import structlog

from melder_common.idempotency import forget_expired
from melder_common.timers import Due, TimerHandler, postpone, settle
from melder_common.unit_of_work import UnitsOfWork
from melder_intake.parts import Parts
from melder_intake.store import photo_spool
from melder_intake.store.media import PhotoRefused
from melder_intake.use_cases.accept_report import FORWARD_PHOTO
from melder_intake.use_cases.forward_photo import give_up_photo, settle_forwarded_photo

SWEEP = "sweep"
SWEEP_EVERY = timedelta(hours=1)

_log = structlog.get_logger("melder.intake.timers")


async def forward_spooled_photo(due: Due, parts: Parts, units: UnitsOfWork) -> None:
    """Hand one spooled file to media; its id makes a repetition harmless."""
    photo_id = UUID(due.key)
    async with units.begin() as unit:
        photo = await photo_spool.find_spooled(unit.connection, photo_id)
        pieces = [piece async for piece in photo_spool.iterate_pieces(unit.connection, photo_id)]
    if photo is None:
        async with units.begin() as unit:
            await settle(unit, due)
        return
    try:
        token = await parts.media.put_photo(
            photo_id,
            b"".join(pieces),
            content_type=photo.content_type,
            report_id=photo.report_id,
        )
    except PhotoRefused as refused:
        _log.warning("media refused a photo", photo_id=str(photo_id), reason=str(refused))
        async with units.begin() as unit:
            await give_up_photo(unit, photo_id, reason="not_an_image")
            await settle(unit, due)
        return
    async with units.begin() as unit:
        await settle_forwarded_photo(unit, photo_id, upload_token=token)
        await settle(unit, due)


async def sweep(due: Due, parts: Parts, units: UnitsOfWork) -> None:
    """Forget files of forms never sent and idempotency keys whose time is over; then again."""
    async with units.begin() as unit:
        files = await photo_spool.forget_drafts(
            unit.connection, unit.now - parts.settings.drafts_kept
        )
        keys = await forget_expired(unit)
        await postpone(unit, due, unit.now + SWEEP_EVERY)
    _log.info("swept", draft_photos=files, idempotency_keys=keys)


HANDLERS: Mapping[str, TimerHandler[Parts]] = {
    FORWARD_PHOTO: forward_spooled_photo,
    SWEEP: sweep,
}
