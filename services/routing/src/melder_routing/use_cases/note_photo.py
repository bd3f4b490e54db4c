"""What media says about the photos of a case."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from melder_common.envelope import Heard
from melder_common.events import (
    PhotoDeleted,
    PhotoReady,
    PhotoRedacted,
    PhotoRejected,
    PhotoReleased,
)
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.history import HistoryEntry, HistoryKind
from melder_routing.store.case_contents import add_photos, count_photos_to_review, set_photo
from melder_routing.store.cases import add_history, lock_case_of_report, set_case_facts

LAST = 999
"""The position of a photo that nobody announced (a spooled Open311 file)."""


async def note_photos_ready(
    unit: UnitOfWork, heard: Sequence[Heard[PhotoReady]], _parts: object
) -> None:
    """A photo can be looked at. Raises CaseNotFound for a report without a case."""
    for one in heard:
        renditions = [rendition.model_dump() for rendition in one.event.renditions]
        values = {"state": "ready", "renditions": renditions}
        await _note(unit, one.event, HistoryKind.PHOTO_READY, values)


async def note_photos_rejected(
    unit: UnitOfWork, heard: Sequence[Heard[PhotoRejected]], _parts: object
) -> None:
    """A photo could not be used; one that belongs to no report concerns nobody here."""
    for one in heard:
        values = {"state": "rejected", "reason": one.event.reason}
        await _note(unit, one.event, HistoryKind.PHOTO_REJECTED, values)


async def note_photos_released(
    unit: UnitOfWork, heard: Sequence[Heard[PhotoReleased]], _parts: object
) -> None:
    """A photo is public now."""
    for one in heard:
        await _note(unit, one.event, HistoryKind.PHOTO_RELEASED, {"state": "released"})


async def note_photos_redacted(
    unit: UnitOfWork, heard: Sequence[Heard[PhotoRedacted]], _parts: object
) -> None:
    """Regions of a photo were made unreadable, or it was hidden."""
    for one in heard:
        values = {"state": "hidden"} if one.event.hidden else {}
        await _note(unit, one.event, HistoryKind.PHOTO_REDACTED, values)


async def note_photos_deleted(
    unit: UnitOfWork, heard: Sequence[Heard[PhotoDeleted]], _parts: object
) -> None:
    """A photo is gone from every store."""
    for one in heard:
        values: dict[str, Any] = {"state": "deleted", "renditions": []}
        await _note(unit, one.event, HistoryKind.PHOTO_DELETED, values)


AboutPhoto = PhotoReady | PhotoRejected | PhotoReleased | PhotoRedacted | PhotoDeleted


async def _note(
    unit: UnitOfWork, event: AboutPhoto, kind: HistoryKind, values: dict[str, Any]
) -> None:
    if event.report_id is None:
        return
    case = await lock_case_of_report(unit.connection, event.report_id)
    await _keep_photo(unit, case.case_id, event.photo_id, values)
    left = await count_photos_to_review(unit.connection, case.case_id)
    await set_case_facts(unit.connection, case.case_id, photos_to_review=left)
    await add_history(unit, case.case_id, HistoryEntry(kind, refers_to=event.photo_id))


async def _keep_photo(
    unit: UnitOfWork, case_id: UUID, photo_id: UUID, values: dict[str, Any]
) -> None:
    unannounced = {"photo_id": photo_id, "case_id": case_id, "position": LAST, "state": "expected"}
    await add_photos(unit.connection, [unannounced])
    if values:
        await set_photo(unit.connection, photo_id, **values)
