"""One question after the other to ``/api/responsibility`` of a running service, as JSON.

    .venv/bin/python services/routing/bench/asking.py http://127.0.0.1:8002 postgresql+asyncpg://…

The places are those of ``decisions.py``; raise ``ROUTING_QUESTIONS_PER_CLIENT`` on the service.
``--process`` tells its memory and CPU time too (Linux, same machine).
"""

import asyncio
import json
import os
import random
import statistics
import time
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from decisions import PLACES, _beside

from melder_common.database import make_engine


def measure(
    service: Annotated[str, typer.Argument(help="address of the routing service")],
    database: Annotated[str, typer.Argument(help="SQLAlchemy URL of its database")],
    questions: Annotated[int, typer.Option(help="how many questions")] = 2000,
    category: Annotated[str, typer.Option(help="slug of a category")] = "pothole",
    process: Annotated[int | None, typer.Option(help="id of the service's process")] = None,
) -> None:
    """Print one JSON document: milliseconds until the answer, and what the process uses."""
    anchors = asyncio.run(_places(database))
    dice = random.Random(4)  # noqa: S311 (points, no secrets)
    waits: list[float] = []
    with httpx.Client(base_url=service, trust_env=False, timeout=30) as client:
        for number in range(questions + 100):
            if number == 100:
                before = _process(process)
            long, lat = _beside(dice.choice(anchors), dice)
            query = {"lat": f"{lat:.6f}", "long": f"{long:.6f}", "service_code": category}
            began = time.perf_counter()
            client.get("/api/responsibility", params=query).raise_for_status()
            waits.append((time.perf_counter() - began) * 1000)
    after, cuts = _process(process), statistics.quantiles(waits[100:], n=100)
    found = {"p50_ms": cuts[49], "p95_ms": cuts[94], "p99_ms": cuts[98], "load": os.getloadavg()[0]}
    if after:
        found["own_cpu_ms"] = (after["cpu_s"] - before["cpu_s"]) / questions * 1000
        found |= {"rss_mb": after["rss_mb"], "peak_mb": after["peak_mb"]}
    print(json.dumps({name: round(value, 2) for name, value in found.items()}))


async def _places(database: str) -> list[Any]:
    engine = make_engine(database, application_name="bench", pool_size=1)
    async with engine.connect() as connection:
        found = [tuple(row) for row in await connection.execute(PLACES)]
    await engine.dispose()
    return found


def _process(process: int | None) -> dict[str, float]:
    if process is None:
        return {}
    facts = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    sizes = {line.split(":")[0]: line.split()[1] for line in status if line.startswith("Vm")}
    return {
        "cpu_s": (int(facts[11]) + int(facts[12])) / os.sysconf("SC_CLK_TCK"),
        "rss_mb": int(sizes["VmRSS"]) / 1024,
        "peak_mb": int(sizes["VmHWM"]) / 1024,
    }


if __name__ == "__main__":
    typer.run(measure)
