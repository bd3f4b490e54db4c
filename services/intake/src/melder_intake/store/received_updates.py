"""Which updates API clients have sent, so that each is taken once."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_intake.store.client_tables import received_update
from melder_intake.store.tables import report


@dataclass(frozen=True, slots=True)
class ReceivedUpdate:
    """What an ``update_id`` of a client stands for. ``content_hash`` is None after the erasure."""

    report_id: UUID
    comment_id: UUID
    content_hash: bytes | None


@dataclass(frozen=True, slots=True)
class Addressed:
    """The report that an update is for. ``filed_by``: the client that filed it, if one did."""

    report_id: UUID
    category: str
    filed_by: UUID | None


async def find_addressed(connection: AsyncConnection, number: str) -> Addressed | None:
    """The report behind a canonical number, None when there is none."""
    kept = report.c
    found = await connection.execute(
        select(kept.report_id, kept.category, kept.api_client_id).where(kept.number == number)
    )
    row = found.one_or_none()
    return Addressed(row.report_id, row.category, row.api_client_id) if row else None


async def is_erased(connection: AsyncConnection, report_id: UUID) -> bool:
    """Whether the report's personal data are gone; its row is locked by the caller."""
    found = await connection.execute(
        select(report.c.erased_at).where(report.c.report_id == report_id)
    )
    return found.scalar_one() is not None


async def claim_update(
    connection: AsyncConnection,
    *,
    client_id: UUID,
    update_id: str,
    received: ReceivedUpdate,
    at: datetime,
) -> ReceivedUpdate:
    """``received`` the first time, and what came first ever after.

    A twin that comes while the first is still open waits for its end.
    """
    claimed = await connection.execute(
        upsert(received_update)
        .values(
            client_id=client_id,
            update_id=update_id,
            report_id=received.report_id,
            comment_id=received.comment_id,
            content_hash=received.content_hash,
            received_at=at,
        )
        .on_conflict_do_nothing()
        .returning(received_update.c.comment_id)
    )
    if claimed.first() is not None:
        return received
    kept = received_update.c
    first = (
        await connection.execute(
            select(kept.report_id, kept.comment_id, kept.content_hash).where(
                kept.client_id == client_id, kept.update_id == update_id
            )
        )
    ).one()
    content_hash = None if first.content_hash is None else bytes(first.content_hash)
    return ReceivedUpdate(first.report_id, first.comment_id, content_hash)


async def forget_contents(connection: AsyncConnection, report_id: UUID) -> None:
    """Drop what could tell the content of a report's updates; that they came stays."""
    await connection.execute(
        update(received_update)
        .where(received_update.c.report_id == report_id)
        .values(content_hash=None)
    )
