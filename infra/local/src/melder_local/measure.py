"""Measures a running installation: memory, answers, time until routed, CPU per report and part.

    make up && .venv/bin/python -m melder_local.measure --reports 300

Figures of one machine at one moment: read them beside each other, not as promises.
"""

import json
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated
from uuid import uuid4

import httpx
import psutil
import typer

from melder_local.place import Place
from melder_local.system import System, eventually

PARTS = ("intake", "routing", "media", "notify", "postgres", "nats", "gateway")


def measure(
    reports: Annotated[int, typer.Option(help="how many to file", min=10)] = 300,
    clients: Annotated[int, typer.Option(help="how many at once", min=1)] = 8,
) -> None:
    """File reports with a contact by Open311 and print one JSON document."""
    system = System(Place.from_environment())
    memory = {part: round(_memory(system, part) / 1e6, 1) for part in PARTS}
    before = {part: _cpu_seconds(system, part) for part in PARTS}
    run = uuid4().hex[:8]
    started = time.perf_counter()
    with httpx.Client(base_url=system.url, timeout=60) as http, ThreadPoolExecutor(clients) as pool:
        answers = list(pool.map(lambda n: _file(http, system, run, n), range(reports)))
        filed = time.perf_counter() - started
        last = answers[-1][1]
        eventually(lambda: _is_routed(http, last), what=f"the routing of {last}")
        routed = time.perf_counter() - started
        eventually(lambda: _has_mail(http, run, reports), seconds=180, what="all receipts")
        mailed = time.perf_counter() - started
        alone = [_until_routed(http, system, run, reports + n) for n in range(10)]
    used = {part: _cpu_seconds(system, part) - before[part] for part in PARTS}
    per_report = {part: round(used[part] * 1000 / (reports + 10), 2) for part in PARTS}
    waits = [wait * 1000 for wait, _ in answers]
    figures = {
        "reports": reports,
        "clients": clients,
        "memory_mb": memory,
        "post_ms": {"median": round(statistics.median(waits), 1), "p99": round(_p99(waits), 1)},
        "reports_per_s": {
            "accepted": round(reports / filed, 1),
            "routed": round(reports / routed, 1),
            "mailed": round(reports / mailed, 1),
        },
        "one_alone_until_public_ms": {
            "median": round(statistics.median(alone) * 1000),
            "largest": round(max(alone) * 1000),
        },
        "cpu_ms_per_report": per_report | {"all": round(sum(per_report.values()), 2)},
    }
    typer.echo(json.dumps(figures, indent=1))


def _file(http: httpx.Client, system: System, run: str, n: int) -> tuple[float, str]:
    fields = {
        "api_key": system.info()["OPEN311_KEY"],
        "service_code": "road-pothole",
        "lat": str(54.08 + n * 1e-5),
        "long": "12.27",
        "description": f"Messung {run} {n}: Loch in der Fahrbahn, etwa so groß wie ein Teller.",
        "email": f"{run}-{n}@messung.example",
    }
    started = time.perf_counter()
    answer = http.post("/open311/v2/requests.json", data=fields)
    waited = time.perf_counter() - started
    answer.raise_for_status()
    return waited, str(answer.json()[0]["service_request_id"])


def _until_routed(http: httpx.Client, system: System, run: str, n: int) -> float:
    started = time.perf_counter()
    _, number = _file(http, system, run, n)
    while not _is_routed(http, number):
        time.sleep(0.005)
    return time.perf_counter() - started


def _is_routed(http: httpx.Client, number: str) -> bool:
    shown = http.get(f"/open311/v2/requests/{number}.json").raise_for_status().json()[0]
    return bool(shown["agency_responsible"])


def _has_mail(http: httpx.Client, run: str, reports: int) -> bool:
    answer = http.get("/mail/messages.json", params={"limit": reports + 50})
    found = {str(mail["to"]) for mail in answer.raise_for_status().json() if run in str(mail["to"])}
    return len(found) >= reports


def _family(system: System, part: str) -> list[psutil.Process]:
    first = psutil.Process(system.parts()[part]["pid"])
    return [first, *first.children(recursive=True)]


def _memory(system: System, part: str) -> int:
    return sum(int(process.memory_info().rss) for process in _family(system, part))


def _cpu_seconds(system: System, part: str) -> float:
    """Of the part and all its children, living and ended."""
    total = 0.0
    for process in _family(system, part):
        times = process.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
    return total


def _p99(values: Sequence[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]


if __name__ == "__main__":
    typer.run(measure)
