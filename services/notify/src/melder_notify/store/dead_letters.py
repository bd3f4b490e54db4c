"""Dead letters, as far as they still need a sealing key."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_notify.store.tables import event_tables


async def count_letters_sealed_with(connection: AsyncConnection, key_id: str) -> int:
    """How many dead letters of notify hold an envelope sealed with the key of ``key_id``."""
    letter = event_tables.dead_letter
    needle = f'"key_id":"{key_id}"'.encode()
    statement = (
        select(func.count())
        .select_from(letter)
        .where(func.pg_catalog.position(letter.c.envelope, needle) > 0)
    )
    return int(await connection.scalar(statement) or 0)
