"""Say every photo anew, so that others can rebuild their views."""

from typing import Final, Literal
from uuid import UUID

from melder_common.events import PhotoSnapshot
from melder_common.snapshots import SnapshotSource
from melder_common.unit_of_work import UnitOfWork
from melder_media.domain.photo import PhotoState
from melder_media.store import photos

TOLD: Final[dict[PhotoState, Literal["ready", "released", "hidden", "rejected"]]] = {
    PhotoState.READY: "ready",
    PhotoState.RELEASED: "released",
    PhotoState.HIDDEN: "hidden",
    PhotoState.REJECTED: "rejected",
}
"""States of which others have heard; a photo in another one is told of when it leaves it."""


async def speak_photo_snapshots(unit: UnitOfWork, after: str | None, limit: int) -> str | None:
    """Record a PhotoSnapshot for the next ``limit`` photos; the last id, None at the end."""
    found = await photos.lock_next_photos(unit, UUID(after) if after else None, limit)
    for photo in found:
        state = TOLD.get(photo.state)
        if state is None or photo.report_id is None:
            continue
        unit.record(
            PhotoSnapshot(
                photo_id=photo.id,
                report_id=photo.report_id,
                state=state,
                renditions=photo.renditions,
            ),
            aggregate_id=photo.id,
            report_id=photo.report_id,
        )
    return str(found[-1].id) if found else None


PHOTO_SNAPSHOTS: Final = SnapshotSource("photo", speak_photo_snapshots)
