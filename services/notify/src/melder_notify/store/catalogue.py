"""The names of bodies, categories and the region, as the catalogue's events describe them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_notify.store.tables import body, category, region


async def keep_bodies(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert or replace bodies; removed ones stay known, because old reports name them."""
    await _keep(connection, body, rows)


async def keep_categories(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert or replace categories; removed ones stay known."""
    await _keep(connection, category, rows)


async def keep_region(connection: AsyncConnection, row: Mapping[str, Any]) -> None:
    """Replace the one region of this installation."""
    await connection.execute(delete(region).where(region.c.slug != row["slug"]))
    await _keep(connection, region, [row])


async def _keep(
    connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    latest = list({row["slug"]: row for row in rows}.values())
    if not latest:
        return
    statement = insert(table).values(latest)
    changed = {name: statement.excluded[name] for name in latest[0] if name != "slug"}
    await connection.execute(
        statement.on_conflict_do_update(index_elements=[table.c.slug], set_=changed)
    )
