"""P4: reports stored end to end, from the event heard to case rows and events out, as JSON.

    .venv/bin/python services/routing/bench/stored.py postgresql+asyncpg://routing_worker@…/melder

Fills the database with invented cases: never point it at a real one. The region must be applied.
Each of ``--processes`` applies batches as a consumer does, one commit each; the CPU time is that
of these processes and of their backends of PostgreSQL (Linux, same machine).
"""

import asyncio
import json
import multiprocessing
import os
import random
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer
from decisions import PLACES, _beside
from sqlalchemy import text

from melder_common.database import make_engine
from melder_common.event_values import Place
from melder_common.events import ReportSubmitted
from melder_common.unit_of_work import UnitsOfWork
from melder_routing.store.metadata import EVENT_TABLES
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.use_cases.route_reports import route_reports

BATCH = 200
_TICKS = os.sysconf("SC_CLK_TCK")
_TEXT = "Tiefes Loch in der Fahrbahn, gleich neben dem Gullydeckel. Radfahrer weichen aus. " * 4


def measure(
    database: Annotated[str, typer.Argument(help="SQLAlchemy URL with the role routing_worker")],
    reports: Annotated[int, typer.Option(help="reports of each process")] = 5000,
    processes: Annotated[int, typer.Option(help="processes side by side")] = 2,
) -> None:
    """Print one JSON document: reports stored per second, and the CPU time of each."""
    with multiprocessing.Pool(processes) as pool:
        given = [(database, reports, seed) for seed in range(processes)]
        found = pool.starmap(_work, given)
    seconds = max(one["ended"] for one in found) - min(one["began"] for one in found)
    number = reports * processes
    print(
        json.dumps(
            {
                "stored_per_s": round(number / seconds, 1),
                "python_ms": round(sum(one["python_s"] for one in found) / number * 1000, 3),
                "postgres_ms": round(sum(one["postgres_s"] for one in found) / number * 1000, 3),
                "load": os.getloadavg()[0],
            }
        )
    )


def _work(database: str, reports: int, seed: int) -> dict[str, float]:
    return asyncio.run(_store(database, reports, seed))


async def _store(database: str, reports: int, seed: int) -> dict[str, float]:
    engine = make_engine(database, application_name="bench", pool_size=1, command_timeout_s=300)
    units = UnitsOfWork(engine, tables=EVENT_TABLES, speaker="routing", partitions=4)
    rulebooks, dice = Rulebooks(), random.Random(seed)  # noqa: S311 (points, no secrets)
    async with engine.connect() as connection:
        anchors = [tuple(row) for row in await connection.execute(PLACES)]
        categories = (
            await connection.scalars(text("SELECT slug FROM routing.category ORDER BY slug"))
        ).all()
        await rulebooks.current(connection)
        backend = int(await connection.scalar(text("SELECT pg_backend_pid()")) or 0)
    heard = [_report(anchors, categories, dice) for _ in range(reports + BATCH)]
    async with units.begin() as unit:
        await route_reports(unit, heard[:BATCH], rulebooks)
    began, python_s, postgres_s = time.time(), time.process_time(), _cpu_s(backend)
    for start in range(BATCH, len(heard), BATCH):
        async with units.begin() as unit:
            await route_reports(unit, heard[start : start + BATCH], rulebooks)
    found = {
        "began": began,
        "ended": time.time(),
        "python_s": time.process_time() - python_s,
        "postgres_s": _cpu_s(backend) - postgres_s,
    }
    await engine.dispose()
    return found


def _report(anchors: list[Any], categories: Any, dice: random.Random) -> ReportSubmitted:
    long, lat = _beside(dice.choice(anchors), dice)
    report_id = uuid4()
    return ReportSubmitted(
        report_id=report_id,
        number=report_id.hex[:8].upper(),
        source="web",
        category=dice.choice(categories),
        place=Place(lat=lat, long=long, accuracy_m=12),
        description=_TEXT,
        submitted_at=datetime.now(UTC),
        language="de",
    )


def _cpu_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


if __name__ == "__main__":
    typer.run(measure)
