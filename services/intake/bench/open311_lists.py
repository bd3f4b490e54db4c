"""GET requests of Open311 over 10k, 100k and 1M reports: time, CPU and plans, as JSON.

    .venv/bin/python services/intake/bench/open311_lists.py --plans --sizes 10000 --sizes 1000000

It starts a PostgreSQL cluster of its own in a temporary directory, fills one database for each size
(reports of one year, spread evenly), and asks the app within this process, the sizes in turns, so
that other load on the machine meets them alike. ``cpu_ms`` is the CPU time of this process,
``db_cpu_ms`` that of PostgreSQL's; the ratios divide the largest size by the smallest.
"""

import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from fastapi import FastAPI
from open311_town import CATALOGUE, FILL, settings_of, write_secrets
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from melder_common.envelope import Heard
from melder_common.ids import new_id
from melder_common.testing.databases import Databases
from melder_common.testing.ports import free_ports
from melder_common.testing.postgres import PostgresCluster
from melder_common.testing.processes import Process
from melder_intake.bus import SUBSCRIPTIONS
from melder_intake.main import assemble, build_parts, build_service

Taken = tuple[float, ...]
LAST_WEEK = (datetime.now(UTC) - timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%SZ")
QUESTIONS = {
    "default, JSON": "/requests.json",
    "default, XML": "/requests.xml",
    "status=open": "/requests.json?status=open",
    "status=closed": "/requests.json?status=closed",
    "service_code": "/requests.json?service_code=c07",
    "two rare codes": "/requests.json?service_code=c38,c39",
    "a large body": "/requests.json?jurisdiction_id=b00",
    "a small body": "/requests.json?jurisdiction_id=b59",
    "updated_after": f"/requests.json?updated_after={LAST_WEEK}",
    "updated_after, oldest change first":
        f"/requests.json?updated_after={LAST_WEEK}&sort=updated_datetime",
    "bbox, a street": "/requests.json?bbox=12.14,54.08,12.145,54.083",
    "bbox, a town": "/requests.json?bbox=12.0,54.0,12.3,54.2",
    "radius 500 m": "/requests.json?lat=54.08&long=12.14&radius=500",
    "a common word": "/requests.json?q=Laterne",
    "a rare word": "/requests.json?q=Wort777",
    "has_photo": "/requests.json?has_photo=true",
    "page 2 of 1,000": "/requests.json?page=2",
    "page 200 of 100": "/requests.json?page=200&page_size=100",
    "extensions=true": "/requests.json?extensions=true",
    "extensions=true, XML": "/requests.xml?extensions=true",
}  # fmt: skip


class Town:
    """An app over a database of ``size`` reports."""

    def __init__(self, size: int, app: FastAPI, engine: AsyncEngine) -> None:
        self.size, self.app, self.engine = size, app, engine
        self.statements: list[tuple[str, Any]] = []
        event.listen(engine.sync_engine, "before_cursor_execute", self._note)

    def _note(self, _c: Any, _cur: Any, statement: str, parameters: Any, *_: Any) -> None:
        self.statements.append((statement, parameters))

    async def ask(self, path: str) -> tuple[int, int]:
        """Bytes and rows of an answer, read as a client would: piece by piece."""
        route, _, query = path.partition("?")
        scope = {
            "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": f"/open311/v2{route}", "raw_path": route.encode(), "root_path": "",
            "query_string": query.encode(), "headers": [(b"host", b"127.0.0.1")],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
        }  # fmt: skip
        pieces: list[bytes] = []
        status = 0

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(3600)
            raise AssertionError

        async def send(message: Any) -> None:
            nonlocal status
            status = message.get("status", status)
            pieces.append(message.get("body", b""))

        await self.app(scope, receive, send)
        body = b"".join(pieces)
        if status != 200:
            raise RuntimeError(f"{path}: {status} {body[:300]!r}")
        return len(body), body.count(b"service_request_id") // (2 if b"<?xml" in body[:9] else 1)

    async def plans(self, path: str) -> list[str]:
        """What PostgreSQL does for it, with the times it took."""
        self.statements.clear()
        await self.ask(path)
        found = []
        for statement, parameters in [one for one in self.statements if "public_" in one[0]]:
            async with self.engine.connect() as connection:
                rows = await connection.exec_driver_sql(
                    f"EXPLAIN (ANALYZE, BUFFERS, COSTS off) {statement}", parameters
                )
                found.append("\n".join(row[0] for row in rows))
        return found


@asynccontextmanager
async def town_of(size: int, databases: Databases, secrets: Path) -> AsyncIterator[Town]:
    """A filled database and its app."""
    url = databases.cluster.url(await databases.clone("intake"), "melder_intake")
    settings = settings_of(url, secrets)
    service = build_service(settings)
    parts = build_parts(settings, service)
    for said in CATALOGUE:
        heard: Heard[Any] = Heard(
            event=said, event_id=new_id(), speaker=said.SPEAKER, partition=1, position=1,
            aggregate_id=new_id(), report_id=None, occurred_at=datetime.now(UTC), seen={},
        )  # fmt: skip
        async with parts.units.begin() as unit:
            await SUBSCRIPTIONS[type(said)](unit, [heard], parts)
    async with service.engine.connect() as connection:
        filling = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await filling.execute(text("SET statement_timeout = 0"))
        driver = (await filling.get_raw_connection()).driver_connection
        for statement in FILL:
            await driver.execute(statement.replace(":size", str(size)), timeout=3600)
    await service.engine.dispose()
    yield Town(size, assemble(service, parts), service.engine)
    await service.engine.dispose()


class DatabaseClock:
    """The CPU seconds that the processes of a cluster have used."""

    def __init__(self, postmaster: int) -> None:
        self._postmaster = postmaster

    def __call__(self) -> float:
        """All of them together, so far."""
        spent = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                parent = int(stat.read_text().rpartition(")")[2].split()[1])
                if parent == self._postmaster:
                    spent += int((stat.parent / "schedstat").read_text().split()[0])
        return spent / 1e9


async def _measure(towns: list[Town], rounds: int, database: DatabaseClock) -> dict[str, Any]:
    results: dict[str, Any] = {}
    for name, path in QUESTIONS.items():
        taken: dict[int, list[Taken]] = {town.size: [] for town in towns}
        answers = {}
        for number in range(rounds + 3):
            for town in towns:
                before = time.perf_counter(), time.process_time(), database()
                answers[town.size] = await town.ask(path)
                if number >= 3:
                    after = time.perf_counter(), time.process_time(), database()
                    taken[town.size].append(
                        tuple(b - a for a, b in zip(before, after, strict=True))
                    )
        results[name] = {str(size): _figures(taken[size], *answers[size]) for size in taken}
        small, large = (results[name][str(towns[index].size)] for index in (0, -1))
        results[name]["ratio_p95"] = round(large["p95_ms"] / small["p95_ms"], 2)
        cpu = [one["cpu_ms"] + one["db_cpu_ms"] for one in (small, large)]
        results[name]["ratio_cpu"] = round(cpu[1] / cpu[0], 2)
        typer.echo(f"{name}: {json.dumps(results[name])}", err=True)
    return results


def _figures(taken: list[Taken], size: int, rows: int) -> dict[str, float]:
    walls = sorted(one[0] * 1000 for one in taken)
    return {
        "p50_ms": round(statistics.median(walls), 1),
        "p95_ms": round(walls[min(int(len(walls) * 0.95), len(walls) - 1)], 1),
        "cpu_ms": round(statistics.median(one[1] * 1000 for one in taken), 1),
        "db_cpu_ms": round(statistics.median(one[2] * 1000 for one in taken), 1),
        "rows": rows,
        "kB": round(size / 1000),
    }


async def _run(sizes: list[int], rounds: int, *, plans: bool, directory: Path) -> dict[str, Any]:
    cluster = PostgresCluster(directory / "postgres", free_ports(1)[0])
    cluster.prepare()
    process = Process(cluster.launch(), directory / "postgres.log")
    process.start()
    process.wait_ready()
    try:
        async with AsyncExitStack() as stack:
            databases, secrets = Databases(cluster), write_secrets(directory / "secrets")
            towns = [await stack.enter_async_context(town_of(n, databases, secrets)) for n in sizes]
            if plans:
                await _show_plans(towns[-1])
            return await _measure(towns, rounds, DatabaseClock(process.pid)) if rounds else {}
    finally:
        process.stop()


async def _show_plans(town: Town) -> None:
    for name, path in QUESTIONS.items():
        for plan in await town.plans(path):
            typer.echo(f"--- {name}\n{plan}", err=True)


def main(
    sizes: Annotated[list[int], typer.Option()] = [10_000, 100_000, 1_000_000],  # noqa: B006 (typer copies it)
    rounds: Annotated[int, typer.Option(help="answers measured of each kind")] = 30,
    *,
    plans: Annotated[bool, typer.Option(help="show what PostgreSQL does, largest size")] = False,
) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        directory = Path(name)
        directory.chmod(0o755)
        results = asyncio.run(_run(sizes, rounds, plans=plans, directory=directory))
    load = round(os.getloadavg()[0], 1)
    typer.echo(json.dumps({"load": load, "cpus": os.cpu_count(), "answers": results}, indent=1))


if __name__ == "__main__":
    typer.run(main)
