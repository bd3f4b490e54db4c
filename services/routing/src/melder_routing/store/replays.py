"""Stored reports as they can be decided again: places and categories, no texts, no people."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_routing.domain.simulation import Replay
from melder_routing.store.case_tables import case


async def list_replays(
    connection: AsyncConnection, *, since: datetime | None, limit: int
) -> list[Replay]:
    """The newest ``limit`` reports submitted since then (all), the newest first."""
    columns = (
        case.c.number,
        case.c.category,
        case.c.lat,
        case.c.long,
        case.c.accuracy_m,
        case.c.asset_id,
        case.c.submitted_at,
        case.c.closed_at.is_(None),
    )
    found = select(*columns).order_by(case.c.submitted_at.desc(), case.c.number).limit(limit)
    if since is not None:
        found = found.where(case.c.submitted_at >= since)
    return [Replay(*row) for row in await connection.execute(found)]
