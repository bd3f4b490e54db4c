"""One report in a hundred cannot be handled: it waits as a dead letter, and nobody else is held up.

The poison is a fault as a release could bring it: a trigger that refuses some of routing's cases.
"Repairing" it is dropping the trigger; then every letter is replayed and nothing is missing.
"""

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from melder_common.testing.nats import program
from melder_local.services import service_environment
from melder_local.system import System

from . import inside
from .history import read_asked, read_promises
from .rows import Row, Scale
from .storm import blow, superuser

POISON = """
CREATE OR REPLACE FUNCTION public.chaos_poison() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF abs(hashtext(NEW.report_id::text)) % 100 = 0 THEN
        RAISE EXCEPTION 'poison';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER chaos_poison BEFORE INSERT ON routing."case"
    FOR EACH ROW EXECUTE FUNCTION public.chaos_poison();
"""
ANTIDOTE = """
DROP TRIGGER chaos_poison ON routing."case";
DROP FUNCTION public.chaos_poison();
"""
ROUTED = """
SELECT percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM routed_at - submitted_at))
FROM routing."case" WHERE submitted_at > now() - make_interval(secs => $1)
"""


def poison(system: System, seed: int, scale: Scale) -> Row:
    """A clean run, the same with poison, then the repair: others wait at most twice as long."""
    began = time.monotonic()
    # fewer than 600 might hold no poison at all
    dsn, reports = superuser(system), max(600, scale.reports(1_000))
    load = {"seed": seed, "reports": reports, "per_second": scale.per_second}
    clean = blow(system, [], **load)  # type: ignore[arg-type]  # three keywords of two types
    wrong = list(clean.wrong)
    clean_p99 = asyncio.run(_one(dsn, ROUTED, clean.load_s + clean.recovery_s))
    with _poisoned(dsn):
        sick = blow(system, [], settle_s=30, **load)  # type: ignore[arg-type]
        sick_p99 = asyncio.run(_one(dsn, ROUTED, sick.load_s + sick.recovery_s))
        letters = asyncio.run(_letters(dsn))
        late = asyncio.run(_one(dsn, LATEST_LETTER, None))
    assert sick.history is not None
    assert sick.watcher is not None
    promises, asked = read_promises(sick.history), read_asked(sick.history)
    if not letters:
        wrong.append("no report was poisoned")
    if late > 60:
        wrong.append(f"a letter came {late:.0f} s after its event")
    if sick_p99 > 2 * clean_p99:
        wrong.append(f"p99 until routed: {sick_p99:.2f} s with poison, {clean_p99:.2f} s without")
    for letter in letters:
        wrong += _replay(system, letter)
    wrong += sick.watcher.wait_until_kept(promises, asked, seconds=120)
    wrong += asyncio.run(inside.wait_for_rest(dsn, seconds=60))
    figures = {
        "letters": len(letters),
        "routed_p99_s": {"clean": round(clean_p99, 2), "poisoned": round(sick_p99, 2)},
        "latest_letter_s": round(late, 1),
    }
    promised = clean.promised + sick.promised
    return Row("poison 1 %", len(letters), promised, wrong, time.monotonic() - began, figures)


LATEST_LETTER = """
SELECT coalesce(max(extract(epoch FROM d.failed_at - o.written_at)), 0)
FROM routing.dead_letter d JOIN intake.outbox o USING (partition, position)
WHERE d.speaker = 'intake' AND d.parked = 0 AND $1::int IS NULL
"""


@contextmanager
def _poisoned(dsn: str) -> Iterator[None]:
    asyncio.run(_execute(dsn, POISON))
    try:
        yield
    finally:
        asyncio.run(_execute(dsn, ANTIDOTE))


def _replay(system: System, letter: int) -> list[str]:
    argv = [program("melder-routing"), "dead-letters", "replay", str(letter)]
    environment = {**os.environ, **service_environment("routing", system.place)}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    return [f"letter {letter}: {done.stderr[-300:]}"] if done.returncode else []


async def _execute(dsn: str, sql: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def _one(dsn: str, sql: str, argument: float | None) -> float:
    connection = await asyncpg.connect(dsn)
    try:
        return float(await connection.fetchval(sql, argument) or 0)
    finally:
        await connection.close()


async def _letters(dsn: str) -> list[int]:
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(
            "SELECT id FROM routing.dead_letter WHERE parked = 0 ORDER BY id"
        )
        return [row["id"] for row in rows]
    finally:
        await connection.close()
