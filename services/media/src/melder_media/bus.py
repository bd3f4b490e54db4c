"""Hears: what other services say, and the use case that follows."""

from collections.abc import Sequence
from datetime import timedelta

from melder_common.envelope import Heard
from melder_common.events import (
    CasePhotoRedacted,
    CasePhotoReleased,
    Event,
    ReportCommented,
    ReportErased,
    ReportSubmitted,
)
from melder_common.handlers import Handler
from melder_common.unit_of_work import UnitOfWork
from melder_media.parts import Parts
from melder_media.use_cases.bind_photos import bind_photos
from melder_media.use_cases.delete_photo import erase_photos
from melder_media.use_cases.release_photo import hide_photo, release_photo


async def on_photos_claimed(
    unit: UnitOfWork,
    batch: Sequence[Heard[ReportSubmitted] | Heard[ReportCommented]],
    parts: Parts,
) -> None:
    """A report, or something added to it, claims its photos."""
    for heard in batch:
        if heard.event.photos:
            await bind_photos(
                unit,
                heard.event.report_id,
                heard.event.photos,
                upload_key=parts.upload_key,
                patience=timedelta(days=parts.settings.claim_days),
            )


async def on_photo_released(
    unit: UnitOfWork, batch: Sequence[Heard[CasePhotoReleased]], parts: Parts
) -> None:
    """A clerk wants photos public."""
    for heard in batch:
        await release_photo(
            unit,
            heard.event.photo_id,
            heard.event.report_id,
            original_days=parts.settings.original_days_after_release,
        )


async def on_photo_redacted(
    unit: UnitOfWork, batch: Sequence[Heard[CasePhotoRedacted]], _parts: Parts
) -> None:
    """A clerk wants photos, or regions of them, unseen."""
    for heard in batch:
        event = heard.event
        await hide_photo(unit, event.photo_id, event.report_id, event.boxes)


async def on_report_erased(
    unit: UnitOfWork, batch: Sequence[Heard[ReportErased]], _parts: Parts
) -> None:
    """A report's photos are to go."""
    for heard in batch:
        await erase_photos(unit, heard.event.report_id)


SUBSCRIPTIONS: dict[type[Event], Handler[Parts]] = {
    ReportSubmitted: on_photos_claimed,
    ReportCommented: on_photos_claimed,
    CasePhotoReleased: on_photo_released,
    CasePhotoRedacted: on_photo_redacted,
    ReportErased: on_report_erased,
}
