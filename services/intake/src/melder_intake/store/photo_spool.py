"""Files on their way to media, in pieces of 1 MB; drafts are files whose form is not sent yet."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_intake.domain.submission import PhotoFile
from melder_intake.store.tables import photo_spool, spooled_photo

PIECE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class SpooledPhoto:
    """A file in the spool. ``bytes``: its size."""

    photo_id: UUID
    report_id: UUID
    content_type: str
    bytes: int


async def get_spooled_bytes(connection: AsyncConnection) -> int:
    """How much the spool holds now."""
    found = await connection.execute(select(func.coalesce(func.sum(spooled_photo.c.bytes), 0)))
    return int(found.scalar_one())


async def add_to_spool(
    connection: AsyncConnection, file: PhotoFile, *, report_id: UUID | None, at: datetime
) -> None:
    """Keep one file; without ``report_id`` it belongs to a draft."""
    await connection.execute(
        insert(spooled_photo),
        {
            "photo_id": file.photo_id,
            "report_id": report_id,
            "content_type": file.content_type,
            "bytes": len(file.content),
            "spooled_at": at,
        },
    )
    pieces = range(0, len(file.content), PIECE_BYTES)
    await connection.execute(
        insert(photo_spool),
        [
            {
                "photo_id": file.photo_id,
                "piece": number,
                "content": file.content[start : start + PIECE_BYTES],
            }
            for number, start in enumerate(pieces)
        ],
    )


async def claim_drafts(
    connection: AsyncConnection, photo_ids: Iterable[UUID], report_id: UUID
) -> list[UUID]:
    """Give drafts to the report that is now sent; returns those that were still there."""
    wanted = list(photo_ids)
    if not wanted:
        return []
    claimed = await connection.execute(
        update(spooled_photo)
        .where(spooled_photo.c.photo_id.in_(wanted), spooled_photo.c.report_id.is_(None))
        .values(report_id=report_id)
        .returning(spooled_photo.c.photo_id)
    )
    found = {row.photo_id for row in claimed}
    return [photo_id for photo_id in wanted if photo_id in found]


async def find_spooled(connection: AsyncConnection, photo_id: UUID) -> SpooledPhoto | None:
    """A file that belongs to a report; None once it is forwarded or while it is a draft."""
    found = (
        await connection.execute(
            select(spooled_photo).where(
                spooled_photo.c.photo_id == photo_id, spooled_photo.c.report_id.is_not(None)
            )
        )
    ).one_or_none()
    if found is None:
        return None
    return SpooledPhoto(found.photo_id, found.report_id, found.content_type, found.bytes)


async def iterate_pieces(connection: AsyncConnection, photo_id: UUID) -> AsyncIterator[bytes]:
    """The file's bytes, one piece in memory at a time."""
    number = 0
    while True:
        found = await connection.execute(
            select(photo_spool.c.content).where(
                photo_spool.c.photo_id == photo_id, photo_spool.c.piece == number
            )
        )
        content = found.scalar_one_or_none()
        if content is None:
            return
        yield bytes(content)
        number += 1


async def forget_spooled(connection: AsyncConnection, photo_id: UUID) -> None:
    """Drop a file that media has now."""
    await connection.execute(delete(spooled_photo).where(spooled_photo.c.photo_id == photo_id))


async def forget_of_report(connection: AsyncConnection, report_id: UUID) -> None:
    """Drop the files of a report that is erased before media had them."""
    await connection.execute(delete(spooled_photo).where(spooled_photo.c.report_id == report_id))


async def forget_drafts(connection: AsyncConnection, spooled_before: datetime) -> int:
    """Drop files of forms that were never sent; returns how many."""
    done = await connection.execute(
        delete(spooled_photo).where(
            spooled_photo.c.report_id.is_(None), spooled_photo.c.spooled_at < spooled_before
        )
    )
    return int(done.rowcount)
