"""P1: accepting, alone and while all that follows runs along, against PostgreSQL's own inserts."""

import asyncio
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from installation import Installation
from workloads import CONNECTIONS, Figure, own_cpu_seconds, send, settled

from melder_common.testing.postgres import postgres_programs

BEHIND = ("routing", "media", "notify")
"""The services that work because a report was accepted."""

_BASELINE = """
\\set lat random(5407000, 5411000)
BEGIN;
INSERT INTO load.report (report_id, number, source, category, lat, long, description, hazard,
    language, submitted_at) VALUES (gen_random_uuid(), substr(md5(random()::text), 1, 8),
    'open311', 'road-pothole', :lat / 100000.0, 12.12, repeat('x', 400), false, 'de', now())
    ON CONFLICT DO NOTHING;
INSERT INTO load.outbox (partition, name, envelope)
    VALUES (1, 'report.submitted.v1', convert_to(repeat('x', 1100), 'UTF8'));
END;
"""
"""As intake: a number that is taken is no failure. Without it one of 35,000 was taken in every
seventh run, and pgbench ended with status 2."""


class BaselineFailed(RuntimeError):
    """pgbench or psql failed; the message holds its own words."""


async def accept(installation: Installation, run: str, total: int) -> list[Figure]:
    """P1 alone and along.

    Alone: what follows an accepted report stands still meanwhile, and is waited for afterwards, so
    that nothing is lost. Along: everything works on the same cores at once. Both are divided by
    what PostgreSQL does alone in the same round.
    """
    await settled(installation)
    baseline = await asyncio.to_thread(inserts_per_second, installation, 5)
    figures = [Figure("P1", "pgbench: the same two rows, alone", baseline, "1/s")]
    ways = {
        "straight": installation.place.ports()["intake"],
        "by the gateway": installation.place.port,
    }
    with installation.standing_still(BEHIND):
        for form in ("json", "xml"):
            for way, port in ways.items():
                name = f"{run}{form[0]}{way[0]}"
                figures += await _measure(installation, name, total, f"alone, {form}, {way}", port,
                                          baseline, form)  # fmt: skip
    for way, port in ways.items():
        await settled(installation)
        name, what = f"{run}a{way[0]}", f"all along, json, {way}"
        figures += await _measure(installation, name, total, what, port, baseline)
    await settled(installation)
    return figures


async def _measure(
    installation: Installation,
    run: str,
    total: int,
    what: str,
    port: int,
    baseline: float,
    form: str = "json",
) -> list[Figure]:
    before, own = installation.cpu_seconds(), own_cpu_seconds()
    outcome = await send(installation, run, total, form, port)
    after = installation.cpu_seconds()
    each = {part: 1000 * (after[part] - before[part]) / total for part in ("intake", "postgres")}
    against = f"pgbench {baseline:.0f}/s"
    return [
        Figure("P1", f"accepted: {what}", outcome.per_second, "1/s"),
        Figure("P1", f"accepted: {what}", outcome.per_second / baseline, "ratio", against),
        *(Figure("P1", f"CPU {what}: {part}", used, "ms") for part, used in each.items()),
        Figure("P1", f"CPU {what}: load generator", 1000 * (own_cpu_seconds() - own) / total, "ms"),
    ]


def inserts_per_second(installation: Installation, seconds: int) -> float:
    """The same two rows by pgbench, 64 clients, the same cluster, fsync on."""
    dsn = installation.dsn
    prepare = (
        "DROP SCHEMA IF EXISTS load CASCADE; CREATE SCHEMA load;"
        "CREATE TABLE load.report (LIKE intake.report INCLUDING DEFAULTS INCLUDING INDEXES);"
        "CREATE TABLE load.outbox (LIKE intake.outbox INCLUDING ALL);"
    )
    _psql(dsn, prepare)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(_BASELINE)
        script.flush()
        argv = [_pgbench(), "-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", "2"]
        argv += ["-T", str(seconds), "-f", script.name, dsn]
        said = _run(argv)
    found = re.search(r"tps = ([0-9.]+)", said)
    assert found, said
    _psql(dsn, "DROP SCHEMA load CASCADE")
    return float(found.group(1))


def _psql(dsn: str, sql: str) -> None:
    _run([str(postgres_programs() / "psql"), "-qX", dsn, "-c", sql])


def _run(argv: list[str]) -> str:
    """What it printed. Raises BaselineFailed."""
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    if done.returncode:
        program = Path(argv[0]).name
        raise BaselineFailed(
            f"{program} ended with status {done.returncode}: {done.stderr[-2000:]}"
        )
    return done.stdout


def _pgbench() -> str:
    beside = postgres_programs() / "pgbench"
    return str(beside) if os.access(beside, os.X_OK) else shutil.which("pgbench") or "pgbench"
