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
    engine = engine.execution_options(isolation_level="AUTOCOMMIT")
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
        async with engine.connect() as connection:
            done = await connection.execute(text(sql), {"kept": kept, "batch": BATCH})
        removed += done.rowcount
        if not done.rowcount:
            return removed


_STATEMENTS = {
    # Looks at the lowest positions only: what is young there hides nothing older above.
    "outbox": """
DELETE FROM {s}.outbox USING (
    SELECT partition, least(published, min(listener.position)) AS done,
           (SELECT min(position) FROM {s}.outbox WHERE outbox.partition = log_head.partition)
               + :batch AS reach
    FROM {s}.log_head JOIN {s}.listener USING (partition) GROUP BY partition
) AS log
WHERE outbox.partition = log.partition
  AND outbox.position <= log.done AND outbox.position < log.reach
  AND outbox.written_at < now() - CAST(:kept AS interval)
""",
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
