"""One storm: citizens report, faults come by schedule, then the checkers look."""

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from minio import Minio

from melder_local.photos import generate_photo
from melder_local.stack import Stack
from melder_local.system import System

from . import inside
from .citizens import Crowd, Town, in_letters, report_all
from .faults import deal
from .history import History, read_asked, read_promises
from .outside import Observer
from .schedule import Fault


@dataclass(slots=True)
class Outcome:
    """What a storm did and what the checkers found. ``in_flight``: work under way at each fault."""

    seed: int
    promised: int = 0
    faults: int = 0
    in_flight: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    crowd: Crowd = field(default_factory=Crowd)
    load_s: float = 0.0
    recovery_s: float = 0.0
    history: Path | None = None
    watcher: Observer | None = None

    @property
    def well(self) -> bool:
        """Whether every promise was kept and every fault took place."""
        return not (self.wrong or self.trouble or self.crowd.given_up)

    def explain(self, schedule: Sequence[Fault]) -> str:
        """Everything needed to repeat and understand a failure."""
        lines = [f"seed {self.seed}: {self.promised} promised, history {self.history}"]
        lines += ["schedule:", *map(str, schedule)]
        lines += ["wrong:", *self.wrong[:40], "trouble:", *self.trouble]
        return "\n".join([*lines, f"given up: {self.crowd.given_up[:20]}"])


def observer(system: System, run: str) -> Observer:
    """The outside checker of one run, looking at S3 directly, not by the proxy."""
    secrets = system.place.secrets / "s3"
    store = Minio(
        f"127.0.0.1:{system.place.ports()['s3']}",
        access_key=(secrets / "access_key").read_text().strip(),
        secret_key=(secrets / "secret_key").read_text().strip(),
        secure=False,
    )
    return Observer(system.url, run, store)


def superuser(system: System) -> str:
    """The inside checker's way into the database, not by the proxy."""
    return Stack(system.place).postgres.dsn("melder")


def blow(
    system: System,
    schedule: Sequence[Fault],
    *,
    seed: int,
    reports: int,
    per_second: float,
    settle_s: float = 300,
    directory: Path | None = None,
    photo_every: int = 40,
    door: str | None = None,
) -> Outcome:
    """Run one storm: at least ``reports`` reports, every fault of ``schedule``, both checkers.

    ``door``: where the reports go, if not to the gateway.
    """
    run = in_letters(uuid4().hex[:8])
    outcome = Outcome(seed)
    outcome.history = (directory or system.place.run) / f"history-{run}.jsonl"
    town = Town(
        door or system.url,
        system.info()["OPEN311_KEY"],
        seed,
        run,
        generate_photo("pothole", seed),
        photo_every,
    )
    watcher = outcome.watcher = observer(system, run)
    began = time.monotonic()
    with History(outcome.history) as history:
        asyncio.run(_storm(system, town, history, schedule, outcome, reports, per_second))
    outcome.load_s = time.monotonic() - began
    calm = time.monotonic()
    promises, asked = read_promises(outcome.history), read_asked(outcome.history)
    outcome.promised = len(promises)
    # The one inside knows cheaply when it is time to look; each finds its own faults.
    inner = asyncio.run(inside.wait_for_rest(superuser(system), seconds=settle_s))
    outcome.recovery_s = time.monotonic() - calm
    outcome.wrong = inner + watcher.wait_until_kept(promises, asked, seconds=settle_s / 4)
    return outcome


async def _storm(
    system: System,
    town: Town,
    history: History,
    schedule: Sequence[Fault],
    outcome: Outcome,
    reports: int,
    per_second: float,
) -> None:
    over = asyncio.Event()

    def done(begun: int) -> bool:
        return begun >= reports and over.is_set()

    async def rage() -> None:
        try:
            for fault in schedule:
                await _until(lambda fault=fault: history.promised >= fault.after)
                outcome.in_flight.append(outcome.crowd.open)
                try:
                    await asyncio.to_thread(deal, system, fault)
                except (TimeoutError, OSError, ValueError) as error:
                    outcome.trouble.append(f"{fault}: {error}")
                else:
                    outcome.faults += 1
        finally:
            over.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(rage())
        group.create_task(
            report_all(town, history, outcome.crowd, per_second=per_second, done=done)
        )


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 (it looks at files and counters of others)
        await asyncio.sleep(0.05)


def seed_from_environment() -> int:
    """``CHAOS_SEED``, or a new one."""
    return int(os.environ.get("CHAOS_SEED") or int.from_bytes(os.urandom(3), "big"))
