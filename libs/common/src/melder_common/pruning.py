"""Removing rows whose time is over, without losing what somebody has yet to hear.

Consumers tell their cursors when they ask for a log's ends; the relay notes them in ``listener``.
An outbox row goes when it is 14 days old and every listener ever heard of has passed it. A service
that is gone for good is taken out of ``listener`` by hand; a log nobody listens to is kept.
"""

from datetime import timedelta

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from melder_common.tables import EventTables

KEPT = timedelta(days=14)
BATCH = 5000

_log = structlog.get_logger()


async def prune(
    engine: AsyncEngine, tables: EventTables, *, kept: timedelta = KEPT
) -> dict[str, int]:
    """Remove old rows in batches; returns how many by table."""
    pruned = {
        name: await _prune_table(engine, sql.format(s=tables.schema), kept)
        for name, sql in _STATEMENTS.items()
    }
    if pruned["dead_letter"]:
        _log.error("dead_letters_expired", count=pruned["dead_letter"])
    return pruned


async def _prune_table(engine: AsyncEngine, sql: str, kept: timedelta) -> int:
    removed = 0
    while True:
        async with engine.begin() as connection:
            done = await connection.execute(text(sql), {"kept": kept, "batch": BATCH})
        removed += done.rowcount
        if done.rowcount < BATCH:
            return removed


_STATEMENTS = {
    "outbox": """
DELETE FROM {s}.outbox WHERE id IN (
    SELECT outbox.id FROM {s}.outbox
    JOIN {s}.log_head USING (partition)
    JOIN (
        SELECT partition, min(position) AS heard FROM {s}.listener GROUP BY partition
    ) AS slowest USING (partition)
    WHERE outbox.position <= least(slowest.heard, log_head.published)
      AND outbox.written_at < now() - CAST(:kept AS interval)
    LIMIT :batch
)""",
    "idempotency_key": """
DELETE FROM {s}.idempotency_key WHERE (scope, key) IN (
    SELECT scope, key FROM {s}.idempotency_key
    WHERE kept_until < now() AND CAST(:kept AS interval) IS NOT NULL LIMIT :batch
)""",
    "dead_letter": """
DELETE FROM {s}.dead_letter WHERE id IN (
    SELECT id FROM {s}.dead_letter WHERE failed_at < now() - CAST(:kept AS interval) LIMIT :batch
)""",
}
