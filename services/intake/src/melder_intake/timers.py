"""What falls due at intake: kind → what is done. Media is called between units, never within."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import structlog

from melder_common.reconcile import Reconciler
from melder_common.timers import Due, TimerHandler, settle
from melder_common.unit_of_work import UnitsOfWork
from melder_intake.parts import Parts
from melder_intake.store import photo_spool
from melder_intake.store.media import PhotoRefused
from melder_intake.store.public_reading import count_unrouted
from melder_intake.use_cases.accept_report import FORWARD_PHOTO
from melder_intake.use_cases.forward_photo import give_up_photo, settle_forwarded_photo

ROUTED_WITHIN = timedelta(seconds=60)

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


async def find_unrouted(units: UnitsOfWork, _parts: Parts) -> int:
    """Reports older than a minute that have no case: routing has not heard of them, or is away."""
    async with units.engine.connect() as connection:
        return await count_unrouted(connection, units.clock() - ROUTED_WITHIN)


async def forget_old_drafts(units: UnitsOfWork, parts: Parts) -> int:
    """Files of forms that were never sent; after a day they go."""
    async with units.begin() as unit:
        return await photo_spool.forget_drafts(
            unit.connection, unit.now - parts.settings.drafts_kept
        )


HANDLERS: Mapping[str, TimerHandler[Parts]] = {
    FORWARD_PHOTO: forward_spooled_photo,
}

RECONCILERS: Sequence[Reconciler[Parts]] = (
    Reconciler("reports_without_case", find_unrouted),
    Reconciler("old_draft_photos", forget_old_drafts),
)
