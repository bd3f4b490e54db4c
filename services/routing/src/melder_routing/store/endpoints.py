"""Endpoints as the region file declares them, with how the line to each of them is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_routing.domain.open311_entry import Open311Entry
from melder_routing.store.outside_tables import open311_endpoint
from melder_routing.store.region_tables import body


@dataclass(frozen=True, slots=True)
class Endpoint:
    """``heard_until``: up to when updates were heard; ``failures``: in a row, of the whole line."""

    body: str
    name: str
    entry: Open311Entry
    heard_until: datetime | None
    looked_wide_at: datetime | None
    failing_since: datetime | None
    failures: int
    paused_until: datetime | None
    removed: bool


_COLUMNS = (open311_endpoint, body.c.name)


async def put_endpoints(
    connection: AsyncConnection, entries: Mapping[str, Open311Entry]
) -> Sequence[str]:
    """Write the entries by body; those no longer there are marked. The slugs of all present.

    A changed entry is tried again at once: somebody may have corrected it.
    """
    gone = update(open311_endpoint).where(
        open311_endpoint.c.body.not_in(list(entries)), open311_endpoint.c.removed_at.is_(None)
    )
    await connection.execute(gone.values(removed_at=func.now()))
    if entries:
        statement = upsert(open311_endpoint)
        changed = {"entry": statement.excluded.entry, "removed_at": None, "paused_until": None}
        put = statement.on_conflict_do_update(index_elements=["body"], set_=changed)
        rows = [
            {"body": slug, "entry": entry.model_dump(mode="json")}
            for slug, entry in entries.items()
        ]
        await connection.execute(put, rows)
    return list(entries)


async def find_endpoint(connection: AsyncConnection, slug: str) -> Endpoint | None:
    """The endpoint of a body, also a removed one."""
    chosen = select(*_COLUMNS).join(body, body.c.slug == open311_endpoint.c.body)
    row = (await connection.execute(chosen.where(open311_endpoint.c.body == slug))).first()
    return _endpoint(row) if row else None


async def list_failing(connection: AsyncConnection) -> list[str]:
    """The bodies whose endpoint fails now."""
    chosen = select(open311_endpoint.c.body).where(
        open311_endpoint.c.failing_since.is_not(None), open311_endpoint.c.removed_at.is_(None)
    )
    return list(await connection.scalars(chosen.order_by(open311_endpoint.c.body)))


async def note_endpoint(connection: AsyncConnection, slug: str, **values: Any) -> None:
    """Write columns by name."""
    changed = update(open311_endpoint).where(open311_endpoint.c.body == slug)
    await connection.execute(changed.values(**values))


async def note_answer(
    connection: AsyncConnection, slug: str, now: datetime, **more: datetime
) -> None:
    """The line works; ``more`` columns by name are written along."""
    await note_endpoint(
        connection,
        slug,
        answered_at=now,
        failing_since=None,
        failures=0,
        last_error=None,
        paused_until=None,
        **more,
    )


async def note_failure(
    connection: AsyncConnection, slug: str, now: datetime, error: str, paused_until: datetime | None
) -> None:
    """The line fails, and nothing is tried before ``paused_until``."""
    await note_endpoint(
        connection,
        slug,
        failing_since=func.coalesce(open311_endpoint.c.failing_since, now),
        failures=open311_endpoint.c.failures + 1,
        last_error=error,
        paused_until=paused_until,
    )


def _endpoint(row: Row[Any]) -> Endpoint:
    return Endpoint(
        body=row.body,
        name=row.name,
        entry=Open311Entry.model_validate(row.entry),
        heard_until=row.heard_until,
        looked_wide_at=row.looked_wide_at,
        failing_since=row.failing_since,
        failures=row.failures,
        paused_until=row.paused_until,
        removed=row.removed_at is not None,
    )
