"""The workloads of the performance goals: what is sent, what is waited for, what is divided by."""

import asyncio
import time
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

import psutil
from http_load import Outcome, closed_loop, open_loop, post
from installation import PARTS, SERVICES, Installation

from melder_local.services import service_launch

CONNECTIONS = 64
QUIET_S = 0.2
LONGEST_S = 300


@dataclass(frozen=True)
class Figure:
    """One measured number; ``against`` names what it was divided by."""

    id: str
    what: str
    value: float
    unit: str
    against: str = ""


def report_form(installation: Installation, run: str, number: int, form: str = "json") -> bytes:
    """A report of about 600 bytes with a contact and no photo."""
    fields = {
        "api_key": installation.key,
        "service_code": "road-pothole",
        "lat": f"{54.07 + number % 4000 * 1e-5:.5f}",
        "long": "12.12000",
        "description": f"Last {run} {number}: Loch in der Fahrbahn, tief wie eine Hand, "
        "gleich neben dem Gullydeckel vor der Kurve. "
        + "Radfahrer weichen auf die Straße aus. "
        * 6,
        "email": f"{run}-{number}@last.example",
    }
    url = f"http://127.0.0.1:{installation.place.port}/open311/v2/requests.{form}"
    return post(url, urlencode(fields).encode())


async def warm_up(installation: Installation) -> None:
    """Fill caches and pools; have the key before the first connection waits for a request."""
    assert installation.key
    await send(installation, "warm", total=200)
    await settled(installation)


async def end_to_end(installation: Installation, run: str, total: int) -> list[Figure]:
    """P3: a flood until every receipt is sent; CPU of each part per report."""
    await settled(installation)
    before, own, began = installation.cpu_seconds(), own_cpu_seconds(), time.perf_counter()
    outcome = await send(installation, run, total)
    own = own_cpu_seconds() - own
    await settled(installation)
    seconds = time.perf_counter() - began
    after = installation.cpu_seconds()
    used = {part: 1000 * (after[part] - before[part]) / total for part in PARTS}
    figures = [Figure("P3", f"CPU per report: {part}", used[part], "ms") for part in PARTS]
    return [
        *figures,
        Figure("P3", "CPU per report: all parts", sum(used.values()), "ms"),
        Figure("P3", "CPU per report, beside: load generator", 1000 * own / total, "ms"),
        Figure("P3", "accepted", outcome.per_second, "1/s"),
        Figure("P3", "accepted, routed, public and mailed", total / seconds, "1/s"),
    ]


async def steady(
    installation: Installation, run: str, seconds: float, photo: bytes
) -> list[Figure]:
    """P2: 50 reports a second, and a photo of 3 MB every second.

    One photo goes ahead: the decoder leaves after 20 idle seconds, and its start belongs to the
    first photo of a busy time, not to one second in twenty.
    """
    await settled(installation)
    await _send_photo(installation, photo)
    since = (await installation.fetch("SELECT now()"))[0][0]
    ending = asyncio.Event()
    photos = asyncio.create_task(_photos(installation, photo, ending))
    request = partial(report_form, installation, run)
    outcome = await open_loop(
        installation.place.port, request, per_second=50, seconds=seconds, seed=1
    )
    ending.set()
    sent = await photos
    await settled(installation)
    routed = await installation.fetch(
        'SELECT extract(epoch FROM routed_at - submitted_at) AS s FROM routing."case" '
        "WHERE submitted_at > $1 ORDER BY 1",
        since,
    )
    mailed = await installation.fetch(
        "SELECT extract(epoch FROM n.sent_at - r.submitted_at) AS s FROM notify.notification n "
        "JOIN intake.report r USING (report_id) "
        "WHERE n.kind = 'receipt' AND r.submitted_at > $1 ORDER BY 1",
        since,
    )
    return [
        Figure("P2", "POST p99 at 50/s", outcome.quantile(0.99), "ms"),
        Figure("P2", "routed p99 after acceptance", 1000 * _p99(routed), "ms"),
        Figure("P2", "receipt sent p99 after acceptance", 1000 * _p99(mailed), "ms"),
        Figure("P2", f"refused of {len(outcome.waits)}", len(outcome.refused), ""),
        Figure("P2", "photos sent", sent, ""),
    ]


async def burst(installation: Installation, run: str) -> list[Figure]:
    """P9: 2,000 reports in ten seconds."""
    await settled(installation)
    since = (await installation.fetch("SELECT now()"))[0][0]
    request = partial(report_form, installation, run)
    outcome = await open_loop(installation.place.port, request, per_second=200, seconds=10, seed=9)
    await settled(installation)
    last = await installation.fetch(
        'SELECT extract(epoch FROM max(routed_at) - $1) AS s FROM routing."case"', since
    )
    return [
        Figure("P9", f"refused of {len(outcome.waits)}", len(outcome.refused), ""),
        Figure("P9", "all routed after the first was sent", float(last[0]["s"]), "s"),
    ]


def idle(installation: Installation) -> list[Figure]:
    """P8: memory after the start and the time until each service is ready."""
    memory = [
        Figure("P8", f"idle memory: {part}", used, "MB")
        for part, used in installation.memory_mb().items()
    ]
    return [*memory, *(_start_time(installation, service) for service in SERVICES)]


async def settled(installation: Installation) -> None:
    """Until everything accepted is routed and public, and its receipt sent."""
    deadline = time.monotonic() + LONGEST_S
    while True:
        (row,) = await installation.fetch(
            "SELECT (SELECT count(*) FROM intake.report) AS accepted,"
            ' (SELECT count(*) FROM routing."case") AS routed,'
            " (SELECT count(*) FROM intake.public_report WHERE case_id IS NOT NULL) AS public,"
            " (SELECT count(*) FROM notify.notification WHERE kind = 'receipt'"
            "   AND state = 'sent') AS mailed"
        )
        if len(set(row.values())) == 1:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"not settled within {LONGEST_S} s: {dict(row)}")
        await asyncio.sleep(QUIET_S)


async def send(
    installation: Installation, run: str, total: int, form: str = "json", port: int | None = None
) -> Outcome:
    """``total`` reports over kept connections, each sent as soon as one is free. None is refused.

    The requests are built before the clock starts.
    """
    requests = [report_form(installation, run, number, form) for number in range(total)]
    outcome = await closed_loop(
        port or installation.place.port,
        requests.__getitem__,
        connections=CONNECTIONS,
        total=total,
    )
    if outcome.refused:
        raise RuntimeError(f"{len(outcome.refused)} refused, first: {outcome.refused[0]}")
    return outcome


def own_cpu_seconds() -> float:
    """What the load generator itself has used."""
    times = psutil.Process().cpu_times()
    return float(times.user + times.system)


async def _send_photo(installation: Installation, content: bytes) -> int:
    """How many were taken: one or none."""
    head = (
        b'--limit\r\nContent-Disposition: form-data; name="photo"; filename="f.jpg"\r\n'
        b"Content-Type: image/jpeg\r\n\r\n"
    )
    request = post(
        f"http://127.0.0.1:{installation.place.port}/photos/",
        head + content + b"\r\n--limit--\r\n",
        "multipart/form-data; boundary=limit",
    )
    port = installation.place.port
    outcome = await closed_loop(port, lambda _: request, connections=1, total=1)
    return len(outcome.waits)


async def _photos(installation: Installation, content: bytes, ending: asyncio.Event) -> int:
    sent = 0
    while not ending.is_set():
        sent += await _send_photo(installation, content)
        try:
            async with asyncio.timeout(1):
                await ending.wait()
        except TimeoutError:
            continue
    return sent


def _start_time(installation: Installation, service: str) -> Figure:
    system = installation.system
    system.kill(service)
    process = psutil.Process(system.parts()[service]["pid"])
    ready = service_launch(service, installation.place).ready
    while not ready():
        time.sleep(0.01)
    return Figure("P8", f"ready after: {service}", time.time() - process.create_time(), "s")


def _p99(rows: list) -> float:  # type: ignore[type-arg]  # rows of asyncpg
    return float(rows[min(len(rows) - 1, int(len(rows) * 0.99))]["s"])
