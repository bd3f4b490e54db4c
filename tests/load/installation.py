"""The installation under load: a private one, empty but for the region, and what it has used."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import asyncpg
import psutil

from melder_common.ids import new_id
from melder_common.testing.nats import program
from melder_common.testing.ports import free_ports
from melder_local.place import Place
from melder_local.services import service_environment
from melder_local.stack import Stack
from melder_local.system import System
from melder_local.trial import started

SERVICES = ("intake", "routing", "media", "notify")
PARTS = (*SERVICES, "postgres", "nats", "s3", "gateway")
ENOUGH_PER_MINUTE = 1_000_000


@dataclass
class Installation:
    """One that runs; ``key`` may post as much as it likes."""

    place: Place

    @cached_property
    def system(self) -> System:
        """Its parts as the tests know them."""
        return System(self.place)

    @cached_property
    def key(self) -> str:
        """An API key whose quota is beyond any load."""
        argv = [program("melder"), "api-key", "create", f"Load {new_id()}", "--per-minute"]
        environment = {**os.environ, **service_environment("intake", self.place)}
        done = subprocess.run(
            [*argv, str(ENOUGH_PER_MINUTE)],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip().splitlines()[-1]

    @property
    def dsn(self) -> str:
        """The superuser's way into the database, for counting."""
        return Stack(self.place).postgres.dsn("melder")

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        """Rows of a query by which nothing of the services is touched."""
        connection = await asyncpg.connect(self.dsn)
        try:
            return list(await connection.fetch(query, *arguments))
        finally:
            await connection.close()

    def cpu_seconds(self) -> dict[str, float]:
        """What each part and its children, living and ended, have used."""
        return {part: sum(map(_used, self._family(part))) for part in PARTS}

    def memory_mb(self) -> dict[str, float]:
        """Resident memory of each service."""
        return {
            part: sum(one.memory_info().rss for one in self._family(part)) / 1e6
            for part in SERVICES
        }

    @contextmanager
    def standing_still(self, services: Sequence[str]) -> Iterator[None]:
        """These get no time on the processors within the block, and find their work after it."""
        stopped = [process for service in services for process in self._family(service)]
        for process in stopped:
            process.suspend()
        try:
            yield
        finally:
            for process in stopped:
                process.resume()

    def _family(self, part: str) -> list[psutil.Process]:
        first = psutil.Process(self.system.parts()[part]["pid"])
        return [first, *first.children(recursive=True)]


@contextmanager
def private_installation(directory: Path) -> Iterator[Installation]:
    """One below ``directory``, with the demo region and no reports; stopped afterwards."""
    place = Place(directory, free_ports(1)[0])
    with started(place):
        yield Installation(place)


def _used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)
