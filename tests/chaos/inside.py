"""The second checker: it looks into the logs, where a citizen cannot see. Kept apart on purpose.

It reads the database as its superuser: positions without a gap, everything published, every cursor
at its head, one case per report, one record per notification, nothing dead, nothing left over.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import asyncpg

SCHEMAS = ("intake", "routing", "media", "notify")


async def find_faults(dsn: str) -> list[str]:
    """Everything that is not at rest or not whole; empty when all is well."""
    connection = await asyncpg.connect(dsn)
    try:
        found: list[str] = []
        for schema in SCHEMAS:
            found += [line async for line in _look_at_logs(connection, schema)]
        found += await _look_at_effects(connection)
        return found
    finally:
        await connection.close()


async def wait_for_rest(dsn: str, *, seconds: float) -> list[str]:
    """Look until nothing is wrong any more; what still is after ``seconds``."""
    until = time.monotonic() + seconds
    while True:
        try:
            wrong = await find_faults(dsn)
        except (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError) as trouble:
            wrong = [f"the database does not answer: {trouble}"]
        if not wrong or time.monotonic() > until:
            return wrong
        await asyncio.sleep(1)


async def _look_at_logs(connection: asyncpg.Connection, schema: str) -> AsyncIterator[str]:
    rows = await connection.fetch(
        f"SELECT h.partition, head, published, count(o.position) AS known, "
        f"count(o.id) - count(o.position) AS waiting, min(o.position) AS first, "
        f"max(o.position) AS last FROM {schema}.log_head h "
        f"LEFT JOIN {schema}.outbox o USING (partition) GROUP BY h.partition, head, published"
    )
    for row in rows:
        for line in _judge_log(f"{schema}/{row['partition']}", row):
            yield line
    behind = await connection.fetch(
        f"SELECT l.service, l.partition, h.head FROM {schema}.listener l "
        f"JOIN {schema}.log_head h USING (partition)"
    )
    for row in behind:
        cursor = await connection.fetchval(
            f"SELECT position FROM {row['service']}.cursor WHERE speaker = $1 AND partition = $2",
            schema,
            row["partition"],
        )
        if cursor != row["head"]:
            log = f"{schema}/{row['partition']}"
            yield f"{row['service']} stands at {cursor} of {log}, whose head is {row['head']}"
    for number in await connection.fetch(f"SELECT reason FROM {schema}.dead_letter"):
        yield f"{schema} has a dead letter: {number['reason']}"
    overdue = await connection.fetchval(
        f"SELECT count(*) FROM {schema}.due WHERE at < now() - interval '60 s'"
    )
    if overdue:
        yield f"{schema} has {overdue} timers that are a minute late"
    failing = await connection.fetchval(
        f"SELECT count(*) FROM {schema}.due WHERE last_error IS NOT NULL"
    )
    if failing:  # after many kills in a row a photo may have to wait minutes for its next try
        yield f"{schema} has {failing} timers that failed and are to be tried again"


def _judge_log(name: str, row: asyncpg.Record) -> Iterator[str]:
    if row["waiting"]:
        yield f"{name}: {row['waiting']} events wait for a position"
    if row["known"] and row["last"] - row["first"] + 1 != row["known"]:
        yield f"{name}: {row['known']} positions between {row['first']} and {row['last']}"
    if row["known"] and row["last"] != row["head"]:
        yield f"{name}: the last position is {row['last']}, the head {row['head']}"
    if row["published"] != row["head"]:
        yield f"{name}: published up to {row['published']} of {row['head']}"


EFFECTS = {
    "reports without exactly one case": """
SELECT count(*) FROM (
    SELECT r.report_id FROM intake.report r LEFT JOIN routing."case" c ON c.report_id = r.report_id
    GROUP BY r.report_id HAVING count(c.id) <> 1
) AS wrong""",
    "cases of reports that nobody has submitted": """
SELECT count(*) FROM routing."case" c
WHERE NOT EXISTS (SELECT FROM intake.report r WHERE r.report_id = c.report_id)""",
    "notifications recorded twice": """
SELECT count(*) FROM (
    SELECT 1 FROM notify.notification GROUP BY event_id, contact_id, channel, kind
    HAVING count(*) > 1
) AS wrong""",
    "receipts that are not sent": """
SELECT count(*) FROM notify.notification n JOIN notify.report r USING (report_id)
WHERE n.kind = 'receipt' AND n.state NOT IN ('sent', 'failed', 'dropped')""",
    "report.submitted too many or too few": """
SELECT abs((SELECT count(*) FROM intake.report)
    - (SELECT count(*) FROM intake.outbox WHERE name = 'report.submitted.v1'))""",
    "case.routed too many or too few": """
SELECT abs((SELECT count(*) FROM routing."case")
    - (SELECT count(*) FROM routing.outbox WHERE name = 'case.routed.v1'))""",
}


async def _look_at_effects(connection: asyncpg.Connection) -> list[str]:
    counts = {name: await connection.fetchval(sql) for name, sql in EFFECTS.items()}
    return [f"{count} {name}" for name, count in counts.items() if count]
