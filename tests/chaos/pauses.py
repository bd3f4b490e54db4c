"""Processes that stand still for longer than their leases and acknowledgements last, and go on.

A stopped process is not dead: it wakes in the middle of whatever it did and believes that nothing
has happened. What it does then must be refused where another one has taken over meanwhile.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import asyncpg
import psutil

from melder_common.runtime import Pace
from melder_common.streams import ACK_WAIT_S
from melder_common.testing.ports import free_ports
from melder_common.testing.processes import Process
from melder_local.services import SERVICES, answers, service_launch
from melder_local.stack import Stack
from melder_local.system import System, eventually

from .schedule import Fault

BEHIND_INTAKE = ("routing", "media", "notify")
STILL_S = Pace().lease_s + 2
"""Longer than leases, and than messages wait to be acknowledged."""


@contextlib.contextmanager
def twins(system: System, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """Each service has a second process meanwhile, which shares the work behind the requests.

    The gateway does not know them; yields the address of intake's.
    """
    started: dict[str, Process] = {}
    ports = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
    try:
        for service, port in ports.items():
            launch = service_launch(service, system.place)
            launch = replace(
                launch,
                env={**launch.env, f"{service.upper()}_PORT": str(port), **(environment or {})},
                ready=answers(f"http://127.0.0.1:{port}/healthz/live"),
            )
            started[service] = Process(launch, system.place.logs / f"{service}-twin.log")
            started[service].start()
        for process in started.values():
            process.wait_ready()
        pids = {service: process.pid for service, process in started.items()}
        _twins_file(system).write_text(json.dumps(pids))
        for service, pid in pids.items():
            eventually(partial(_holds, system, service, pid), what=f"work for {service}'s twin")
        yield f"http://127.0.0.1:{ports['intake']}"
    finally:
        _twins_file(system).unlink(missing_ok=True)
        for process in started.values():
            process.stop()


def stand_still(system: System, fault: Fault) -> None:
    """All processes of a service, of those behind intake, or of all, stop and go on."""
    services = {"all": SERVICES, "behind": BEHIND_INTAKE}.get(fault.part, (fault.part,))
    with _stopped([pid for service in services for pid in _pids(system, service)]):
        time.sleep(STILL_S)


def take_over(system: System, fault: Fault) -> None:
    """One of two processes stops until the other has its work, and then a little longer.

    Which one is drawn with the schedule. Raises TimeoutError when the work is not taken over, or
    not shared again afterwards.
    """
    pids = _pids(system, fault.part)
    asleep = pids[fault.nth % len(pids)]
    with _stopped([asleep]):
        eventually(
            lambda: not _holds(system, fault.part, asleep),
            what=f"the other {fault.part} taking over",
        )
        time.sleep(ACK_WAIT_S + 1)
    eventually(lambda: _holds(system, fault.part, asleep), what=f"{fault.part} sharing again")


def refusals(system: System) -> dict[str, int]:
    """How often late effects were refused, by the services' logs."""
    words = ("cursor_lost", "timer_lost_claim", "cancelling_again")
    logs = [log.read_text(errors="replace") for log in system.place.logs.glob("*.log")]
    return {word: sum(log.count(f'"event":"{word}"') for log in logs) for word in words}


def _twins_file(system: System) -> Path:
    return system.place.run / "twins.json"


def _pids(system: System, service: str) -> list[int]:
    file = _twins_file(system)
    twin = [json.loads(file.read_text())[service]] if file.exists() else []
    return [int(system.parts()[service]["pid"]), *twin]


@contextlib.contextmanager
def _stopped(pids: Sequence[int]) -> Iterator[None]:
    first = [psutil.Process(pid) for pid in pids]
    family = [one for parent in first for one in (parent, *parent.children(recursive=True))]
    for process in family:
        try:
            process.suspend()
        except psutil.NoSuchProcess:
            if process in first:
                raise  # a child's time may be over: an idle decoder leaves by itself
    try:
        yield
    finally:
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()


def _holds(system: System, service: str, pid: int) -> bool:
    """Whether this process holds the lease of a log; a holder's name begins with host:pid."""
    sql = f"SELECT count(*) FROM {service}.lease WHERE name LIKE 'log %' AND holder LIKE $1"

    async def count() -> int:
        connection = await asyncpg.connect(Stack(system.place).postgres.dsn("melder"))
        try:
            return int(await connection.fetchval(sql, f"%:{pid}/%"))
        finally:
            await connection.close()

    return asyncio.run(count()) > 0
