"""Photos in the database: rows, previews, the spool of sealed originals, waiting claims."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from melder_common.event_values import Box, Rendition
from melder_common.unit_of_work import UnitOfWork
from melder_media.domain.photo import OriginalAt, Photo, PhotoState
from melder_media.domain.pictures import Encoding, Refusal
from melder_media.store.tables import grant_use, pending_claim, photo, preview, spool_chunk

CHUNK_BYTES = 1 << 20


async def lock_arrival(unit: UnitOfWork, photo_id: UUID) -> None:
    """Let only one unit at a time decide whether this photo is here.

    Its file and its claim may come at once, and each looks for the other.
    """
    key = int.from_bytes(photo_id.bytes[8:], "big", signed=True)
    await unit.connection.execute(select(func.pg_advisory_xact_lock(key)))


async def get_photo(unit: UnitOfWork, photo_id: UUID) -> Photo | None:
    """The photo as it is now, or None."""
    row = (await unit.connection.execute(select(photo).where(photo.c.id == photo_id))).first()
    return _photo(row) if row else None


async def lock_photo(unit: UnitOfWork, photo_id: UUID) -> Photo | None:
    """The photo, held by this unit: nobody else changes it or speaks of it until the commit."""
    query = select(photo).where(photo.c.id == photo_id).with_for_update()
    row = (await unit.connection.execute(query)).first()
    return _photo(row) if row else None


async def lock_photos_of(unit: UnitOfWork, report_id: UUID) -> list[Photo]:
    """All photos of a report, held by this unit, also those that were only offered for it."""
    mine = (photo.c.report_id == report_id) | (photo.c.offered_for == report_id)
    query = select(photo).where(mine).order_by(photo.c.id).with_for_update()
    return [_photo(row) for row in await unit.connection.execute(query)]


async def add_photo(
    unit: UnitOfWork, new: Photo, *, size: int, sealed_size: int, kind: str | None
) -> None:
    """Insert a photo. ``size``: bytes of the original, ``sealed_size``: as kept."""
    facts = {"bytes": size, "sealed_bytes": sealed_size, "format": kind, "received_at": unit.now}
    await unit.connection.execute(insert(photo).values({"id": new.id, **_columns(new), **facts}))


async def save_photo(unit: UnitOfWork, changed: Photo) -> None:
    """Write a photo's present facts back."""
    await unit.connection.execute(
        update(photo).where(photo.c.id == changed.id).values(_columns(changed))
    )


async def add_tombstone(unit: UnitOfWork, photo_id: UUID) -> None:
    """Note that a photo must not come (any more)."""
    gone = Photo(id=photo_id, state=PhotoState.DELETED, original_at=OriginalAt.NOWHERE)
    await unit.connection.execute(
        upsert(photo).values({"id": photo_id, **_columns(gone)}).on_conflict_do_nothing()
    )


async def get_spooled_bytes(unit: UnitOfWork) -> int:
    """How much the spool holds now."""
    query = select(func.coalesce(func.sum(photo.c.sealed_bytes), 0)).where(
        photo.c.original_at == OriginalAt.SPOOL.value
    )
    return int((await unit.connection.execute(query)).scalar_one())


async def add_to_spool(unit: UnitOfWork, photo_id: UUID, sealed: bytes) -> None:
    """Keep a sealed original in rows of at most 1 MiB."""
    chunks = [
        {"photo_id": photo_id, "number": number, "content": sealed[start : start + CHUNK_BYTES]}
        for number, start in enumerate(range(0, len(sealed), CHUNK_BYTES))
    ]
    for chunk in chunks:
        await unit.connection.execute(insert(spool_chunk).values(chunk))


async def get_from_spool(unit: UnitOfWork, photo_id: UUID) -> bytes:
    """The sealed original; empty when it is not in the spool."""
    query = (
        select(spool_chunk.c.content)
        .where(spool_chunk.c.photo_id == photo_id)
        .order_by(spool_chunk.c.number)
    )
    return b"".join((await unit.connection.execute(query)).scalars())


async def remove_from_spool(unit: UnitOfWork, photo_id: UUID) -> None:
    """Empty the spool of one photo."""
    await unit.connection.execute(delete(spool_chunk).where(spool_chunk.c.photo_id == photo_id))


async def add_preview(unit: UnitOfWork, photo_id: UUID, sealed: dict[Encoding, bytes]) -> None:
    """Keep the sealed thumbnails that the uploader sees before the renditions exist."""
    for encoding, content in sealed.items():
        row = {"photo_id": photo_id, "encoding": encoding.value, "content": content}
        await unit.connection.execute(insert(preview).values(row))


async def get_preview(unit: UnitOfWork, photo_id: UUID, encoding: Encoding) -> bytes | None:
    """One sealed thumbnail, or None."""
    query = select(preview.c.content).where(
        preview.c.photo_id == photo_id, preview.c.encoding == encoding.value
    )
    return (await unit.connection.execute(query)).scalar_one_or_none()


async def remove_previews(unit: UnitOfWork, photo_id: UUID) -> None:
    """Drop the thumbnails of before the renditions."""
    await unit.connection.execute(delete(preview).where(preview.c.photo_id == photo_id))


async def add_pending_claim(unit: UnitOfWork, photo_id: UUID, report_id: UUID) -> bool:
    """Note that a report waits for this photo; False when another one waits already."""
    row = {"photo_id": photo_id, "report_id": report_id, "since": unit.now}
    await unit.connection.execute(upsert(pending_claim).values(row).on_conflict_do_nothing())
    query = select(pending_claim.c.report_id).where(pending_claim.c.photo_id == photo_id)
    return bool((await unit.connection.execute(query)).scalar_one() == report_id)


async def take_pending_claim(unit: UnitOfWork, photo_id: UUID) -> UUID | None:
    """The report that waits for this photo, which waits no longer."""
    query = (
        delete(pending_claim)
        .where(pending_claim.c.photo_id == photo_id)
        .returning(pending_claim.c.report_id)
    )
    return (await unit.connection.execute(query)).scalar_one_or_none()


async def take_pending_claims_of(unit: UnitOfWork, report_id: UUID) -> list[UUID]:
    """The photos a report still waits for; it waits no longer."""
    query = (
        delete(pending_claim)
        .where(pending_claim.c.report_id == report_id)
        .returning(pending_claim.c.photo_id)
    )
    return list((await unit.connection.execute(query)).scalars())


async def add_grant_use(unit: UnitOfWork, grant_id: UUID) -> bool:
    """Note that a grant was used; False when that is known already."""
    row = {"grant_id": grant_id, "used_at": unit.now}
    statement = upsert(grant_use).values(row).on_conflict_do_nothing()
    done = await unit.connection.execute(statement.returning(grant_use.c.grant_id))
    return done.first() is not None


async def remove_grant_uses(unit: UnitOfWork, *, before: datetime) -> None:
    """Forget grants that have long expired."""
    await unit.connection.execute(delete(grant_use).where(grant_use.c.used_at < before))


async def list_kept_photos(unit: UnitOfWork, *, since: datetime) -> list[Photo]:
    """Photos that came since a moment and whose objects must exist."""
    kept = select(photo).where(
        photo.c.received_at >= since, photo.c.state.not_in(["erasing", "deleted"])
    )
    return [_photo(row) for row in await unit.connection.execute(kept)]


async def lock_next_photos(unit: UnitOfWork, after: UUID | None, limit: int) -> list[Photo]:
    """The next ``limit`` photos in the order of their ids, held by this unit."""
    query = select(photo).order_by(photo.c.id).limit(limit).with_for_update()
    if after is not None:
        query = query.where(photo.c.id > after)
    return [_photo(row) for row in await unit.connection.execute(query)]


async def find_known_ids(unit: UnitOfWork, photo_ids: Iterable[UUID]) -> set[UUID]:
    """Which of these photos have a row that is not merely a tombstone."""
    query = select(photo.c.id).where(photo.c.id.in_(list(photo_ids)), photo.c.state != "deleted")
    return set((await unit.connection.execute(query)).scalars())


def _photo(row: Row[Any]) -> Photo:
    return Photo(
        id=row.id,
        state=PhotoState(row.state),
        original_at=OriginalAt(row.original_at),
        report_id=row.report_id,
        offered_for=row.offered_for,
        wrapped_key=row.wrapped_key,
        renditions=tuple(Rendition.model_validate(one) for one in row.renditions or ()),
        rendition_version=row.rendition_version,
        redactions=tuple(Box.model_validate(one) for one in row.redactions),
        wants_release=row.wants_release,
        refusal=Refusal(row.refusal) if row.refusal else None,
        released_at=row.released_at,
    )


def _columns(one: Photo) -> dict[str, Any]:
    return {
        "state": one.state.value,
        "original_at": one.original_at.value,
        "report_id": one.report_id,
        "offered_for": one.offered_for,
        "wrapped_key": one.wrapped_key,
        "renditions": [shown.model_dump() for shown in one.renditions] or None,
        "rendition_version": one.rendition_version,
        "redactions": [box.model_dump() for box in one.redactions],
        "wants_release": one.wants_release,
        "refusal": one.refusal.value if one.refusal else None,
        "released_at": one.released_at,
    }
