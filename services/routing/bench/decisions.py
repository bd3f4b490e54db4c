"""P4: pure decisions in batches beside the plain SQL lateral join, as one JSON document.

    .venv/bin/python services/routing/bench/decisions.py postgresql+asyncpg://…/melder

The database must have a region applied, best of all Germany (docs/boundaries.md). Each round asks
both for the same points, in turns; the ratio is points per second of decisions over those of SQL.
"""

import asyncio
import json
import os
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.database import make_engine
from melder_common.geo import Coordinate
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.store.surroundings import SURROUNDINGS
from melder_routing.use_cases.decide_places import PlaceToDecide, decide_places

BATCH = 500
PLACES = text(
    """
    SELECT ST_X(inside), ST_Y(inside) FROM (
        SELECT ST_PointOnSurface(geom) AS inside FROM routing.jurisdiction
        WHERE layer = 'gemeinde' AND (valid_to IS NULL OR valid_to >= current_date)
        ORDER BY md5(key) LIMIT 2000
    ) AS place
    """
)
LATERAL = text(
    """
    SELECT n, found.id
    FROM unnest(CAST(:longs AS float8[]), CAST(:lats AS float8[])) WITH ORDINALITY
         AS given (long, lat, n)
    CROSS JOIN LATERAL (SELECT ST_SetSRID(ST_MakePoint(long, lat), 4326) AS point) AS made
    LEFT JOIN LATERAL (
        SELECT id FROM routing.jurisdiction AS area
        WHERE ST_Covers(area.geom, made.point)
          AND (area.valid_from IS NULL OR area.valid_from <= current_date)
          AND (area.valid_to IS NULL OR area.valid_to >= current_date)
        ORDER BY area.area_m2 LIMIT 1
    ) AS found ON true
    """
)

Points = Sequence[tuple[float, float]]


def measure(
    database: Annotated[str, typer.Argument(help="SQLAlchemy URL of the routing database")],
    points: Annotated[int, typer.Option(help="points a round")] = 5000,
    rounds: Annotated[int, typer.Option(help="rounds")] = 5,
    *,
    explain: Annotated[bool, typer.Option(help="print the plan of the query too")] = False,
) -> None:
    """Print one JSON document: points per second of both, and their ratio by round."""
    print(json.dumps(asyncio.run(_measure(database, points, rounds, explain=explain)), indent=1))


async def _measure(database: str, number: int, rounds: int, *, explain: bool) -> dict[str, Any]:
    engine = make_engine(database, application_name="bench", pool_size=1, command_timeout_s=300)
    rulebooks, dice = Rulebooks(), random.Random(4)  # noqa: S311 (points, no secrets)
    async with engine.connect() as connection:
        anchors = [tuple(row) for row in await connection.execute(PLACES)]
        await rulebooks.current(connection)
        found: list[dict[str, float]] = []
        for _ in range(rounds):
            some = [_beside(dice.choice(anchors), dice) for _ in range(number)]
            sql = await _rate(some, lambda batch: _lateral(connection, batch))
            cpu = time.process_time()
            ours = await _rate(some, lambda batch: _decide(connection, batch, rulebooks))
            cpu = (time.process_time() - cpu) / number * 1000
            found.append({"sql_per_s": sql, "decisions_per_s": ours, "own_cpu_ms": round(cpu, 3)})
        plan = await _plan(connection, some[:BATCH]) if explain else None
    await engine.dispose()
    ratios = [one["decisions_per_s"] / one["sql_per_s"] for one in found]
    return {
        "rounds": found,
        "ratio_median": round(statistics.median(ratios), 3),
        "ratio_range": [round(min(ratios), 3), round(max(ratios), 3)],
        "load": os.getloadavg()[0],
        **({"plan": plan} if plan else {}),
    }


async def _rate(points: Points, ask: Callable[[Points], Awaitable[object]]) -> float:
    started = time.perf_counter()
    for start in range(0, len(points), BATCH):
        await ask(points[start : start + BATCH])
    return round(len(points) / (time.perf_counter() - started), 1)


async def _lateral(connection: AsyncConnection, points: Points) -> object:
    longs, lats = [point[0] for point in points], [point[1] for point in points]
    return (await connection.execute(LATERAL, {"longs": longs, "lats": lats})).all()


async def _decide(connection: AsyncConnection, points: Points, rulebooks: Rulebooks) -> object:
    now = datetime.now(UTC)
    places = [
        PlaceToDecide(Coordinate(lat, long), None, now, accepted=True) for long, lat in points
    ]
    return await decide_places(connection, places, rulebooks)


async def _plan(connection: AsyncConnection, points: Points) -> list[str]:
    today = datetime.now(UTC).date()
    given = {
        "longs": [point[0] for point in points],
        "lats": [point[1] for point in points],
        "days": [today] * len(points),
        "assets": [None] * len(points),
        "sight": 2000.0,
        "snap": 20.0,
    }
    rows = await connection.execute(text(f"EXPLAIN (ANALYZE, BUFFERS) {SURROUNDINGS.text}"), given)
    return [row[0] for row in rows]


def _beside(anchor: Any, dice: random.Random) -> tuple[float, float]:
    """Within some two kilometres of a place that is somebody's."""
    long, lat = anchor
    return long + dice.uniform(-0.03, 0.03), lat + dice.uniform(-0.02, 0.02)


if __name__ == "__main__":
    typer.run(measure)
