"""Follow the photos: which are ready, which everybody may see, which are gone."""

from collections.abc import Sequence
from typing import Any, TypeVar

from melder_common.envelope import Heard
from melder_common.events import (
    PhotoDeleted,
    PhotoReady,
    PhotoRedacted,
    PhotoRejected,
    PhotoReleased,
    PhotoSnapshot,
)
from melder_common.unit_of_work import UnitOfWork
from melder_intake.store import public_view

WithRenditions = TypeVar("WithRenditions", PhotoReady, PhotoReleased, PhotoRedacted, PhotoSnapshot)


async def follow_ready(unit: UnitOfWork, heard: Sequence[Heard[PhotoReady]]) -> None:
    """Cleaned and rendered, waiting for a clerk."""
    await public_view.save_photos(unit.connection, [_photo(said, "ready") for said in heard])


async def follow_released(unit: UnitOfWork, heard: Sequence[Heard[PhotoReleased]]) -> None:
    """Everybody may see it; a clerk has looked at the report."""
    await public_view.save_photos(unit.connection, [_photo(said, "released") for said in heard])
    await public_view.note_review(
        unit.connection,
        [{"for_report": said.event.report_id, "at": said.occurred_at} for said in heard],
    )
    await public_view.add_released_photos(unit.connection, [_release(said) for said in heard])


async def follow_redacted(unit: UnitOfWork, heard: Sequence[Heard[PhotoRedacted]]) -> None:
    """Hidden photos vanish at once; blurred ones keep their state and get new renditions."""
    hidden = [_photo(said, "hidden") for said in heard if said.event.hidden]
    await public_view.save_photos(unit.connection, hidden)
    blurred = [
        {
            "for_photo": said.event.photo_id,
            "new_renditions": _renditions(said.event),
            "at": said.occurred_at,
        }
        for said in heard
        if not said.event.hidden
    ]
    await public_view.change_renditions(unit.connection, blurred)


async def follow_rejected(unit: UnitOfWork, heard: Sequence[Heard[PhotoRejected]]) -> None:
    """It could not be used; the reporter reads why."""
    rows = [
        {
            "for_photo": said.event.photo_id,
            "new_state": "rejected",
            "new_reason": said.event.reason,
            "at": said.occurred_at,
        }
        for said in heard
    ]
    await public_view.change_photos(unit.connection, rows)


async def follow_deleted(unit: UnitOfWork, heard: Sequence[Heard[PhotoDeleted]]) -> None:
    """Gone from every store."""
    rows = [
        {
            "for_photo": said.event.photo_id,
            "new_state": "deleted",
            "new_reason": None,
            "at": said.occurred_at,
        }
        for said in heard
    ]
    await public_view.change_photos(unit.connection, rows)


async def follow_photo_snapshot(unit: UnitOfWork, heard: Sequence[Heard[PhotoSnapshot]]) -> None:
    """The whole photo again, for rebuilding."""
    rows = [_photo(said, said.event.state) for said in heard]
    await public_view.save_photos(unit.connection, rows)
    released = [
        {"for_report": said.event.report_id, "at": said.occurred_at}
        for said in heard
        if said.event.state == "released"
    ]
    await public_view.note_review(unit.connection, released)
    shown = [_release(said) for said in heard if said.event.state == "released"]
    await public_view.add_released_photos(unit.connection, shown)


def _photo(said: Heard[WithRenditions], state: str) -> dict[str, Any]:
    return {
        "photo_id": said.event.photo_id,
        "report_id": said.event.report_id,
        "state": state,
        "renditions": _renditions(said.event),
        "reason": None,
        "changed_at": said.occurred_at,
    }


def _release(said: Heard[PhotoReleased] | Heard[PhotoSnapshot]) -> dict[str, Any]:
    return {
        "photo_id": said.event.photo_id,
        "report_id": said.event.report_id,
        "at": said.occurred_at,
    }


def _renditions(event: WithRenditions) -> list[dict[str, Any]]:
    return [rendition.model_dump() for rendition in event.renditions]
