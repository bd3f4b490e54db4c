"""The rows of the reliability table (docs/measurements.md) that ``make chaos`` runs, in their short form."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from melder_local.system import System

from . import inside
from .citizens import Town, in_letters
from .clocks import faked
from .faults import deal
from .history import History, read_asked, read_promises
from .pauses import refusals, twins
from .processes import descriptors
from .schedule import PASSED_BY, SERVICES, Fault, draw_schedule
from .steady import Steady, ask_steadily
from .storm import Outcome, blow, observer, superuser


@dataclass(slots=True)
class Row:
    """One line of the table; ``wrong`` is empty when everything held."""

    name: str
    faults: int
    promised: int
    wrong: list[str]
    seconds: float
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of each row; 1.0 is the short column, less is for a machine in a hurry."""

    share: float = 1.0
    per_second: float = 20

    def reports(self, short: int) -> int:
        """So many reports, at least twenty."""
        return max(20, int(short * self.share))

    def times(self, short: int) -> int:
        """So many faults, at least one."""
        return max(1, int(short * self.share))


Measure = Callable[[System, int, Scale], Row]


def kills(system: System, seed: int, scale: Scale) -> Row:
    """40 kills: every named point twice and as many at random; 10,000 reports."""
    reports, crashes = scale.reports(10_000), max(len(PASSED_BY), scale.times(2 * len(PASSED_BY)))
    schedule = draw_schedule(seed, reports=reports, crashes=crashes, kills=scale.times(20))
    return _storm(system, "kill -9 of every service", schedule, seed, reports, scale)


def nats_kills(system: System, seed: int, scale: Scale) -> Row:
    """15 kill -9 of NATS under 16 publishers: intake does not even notice."""
    others = [("kill", "nats")] * scale.times(15)
    reports = scale.reports(2_000)
    schedule = draw_schedule(seed, reports=reports, crashes=0, kills=0, others=others)
    row = _storm(system, "NATS kill -9", schedule, seed, reports, scale)
    row.wrong += [f"intake answered {what}" for what in row.figures["failures"]]
    return row


def nats_forgets(system: System, seed: int, scale: Scale) -> Row:
    """The store lost, an old one copied back, a stream deleted: all is said again, once."""
    others = [
        ("lose store", "nats"),
        ("old store", "nats"),
        ("delete stream", "intake"),
        ("delete stream", "routing"),
    ]
    reports = scale.reports(3_000)
    schedule = draw_schedule(seed, reports=reports, crashes=0, kills=0, others=others)
    row = _storm(system, "NATS forgets", schedule, seed, reports, scale)
    if row.figures["recovery_s"] > 90:
        row.wrong.append(f"took {row.figures['recovery_s']} s to recover, 90 are allowed")
    return row


def postgres_stops(system: System, seed: int, scale: Scale) -> Row:
    """5 immediate stops of PostgreSQL: nothing acknowledged is lost, no service is restarted."""
    before = _restarts(system)
    others = [("stop at once", "postgres")] * scale.times(5)
    reports = scale.reports(1_500)
    schedule = draw_schedule(seed, reports=reports, crashes=0, kills=0, others=others)
    row = _storm(system, "PostgreSQL stopped at once", schedule, seed, reports, scale)
    row.wrong += [
        f"{part} was restarted" for part, n in _restarts(system).items() if n != before[part]
    ]
    return row


def links(link: str, modes: Sequence[str], *, reports: int, photos: bool = False) -> Measure:
    """A link fails in each of ``modes`` for some seconds while reports come in."""

    def measure(system: System, seed: int, scale: Scale) -> Row:
        before, restarts = descriptors(system), _restarts(system)
        schedule = draw_schedule(
            seed,
            reports=scale.reports(reports),
            crashes=0,
            kills=0,
            others=[(mode, link) for mode in modes],
        )
        name = f"{link} {', '.join(mode.split()[0] for mode in modes)}"
        every = 5 if photos else 40
        row = _storm(system, name, schedule, seed, scale.reports(reports), scale, photo_every=every)
        row.wrong += [
            f"{part} was restarted" for part, n in _restarts(system).items() if n != restarts[part]
        ]
        after = descriptors(system)
        row.figures["descriptors"] = {part: after[part] - before[part] for part in after}
        row.wrong += [
            f"{part} has {more} descriptors more than before"
            for part, more in row.figures["descriptors"].items()
            if more > 40
        ]
        return row

    return measure


def pauses(system: System, seed: int, scale: Scale) -> Row:
    """Two processes of each service; one sleeps until the other has its work, then all at once."""
    others = [("take over", service) for service in SERVICES] * scale.times(2)
    others += [("stand still", "behind"), ("stand still", "all")] * scale.times(2)
    reports = scale.reports(2_000)
    schedule = draw_schedule(seed, reports=reports, crashes=0, kills=0, others=others)
    before = refusals(system)
    with twins(system):
        row = _storm(system, "paused longer than ack_wait", schedule, seed, reports, scale)
    after = refusals(system)
    row.figures["refused"] = {word: after[word] - before[word] for word in after}
    return row


def clock_jumps(system: System, seed: int, scale: Scale) -> Row:
    """All reports go to machines whose clocks jump an hour; right ones share the work behind."""
    others = [("an hour ahead", "all"), ("an hour behind", "all")] * scale.times(4)
    others.append(("an hour ahead, no mail", "all"))
    reports = scale.reports(1_500)
    schedule = draw_schedule(seed, reports=reports, crashes=0, kills=0, others=others)
    with twins(system, faked(system)) as door:
        return _storm(system, "clocks jump", schedule, seed, reports, scale, door=door)


def rolling_restart(system: System, seed: int, scale: Scale) -> Row:
    """SIGTERM to all services in turn, 10 times, under a steady load: nobody feels it."""
    run, rounds = in_letters(uuid4().hex[:8]), scale.times(10)
    town = Town(system.url, system.info()["OPEN311_KEY"], seed, run)
    watcher = observer(system, run)
    began = time.monotonic()
    steady = Steady()
    with History(system.place.run / f"history-{run}.jsonl") as history:
        asyncio.run(_restart_under_load(system, town, history, steady, rounds, scale))
    promises = read_promises(history.file)
    wrong = [f"{count} × {what}" for what, count in steady.failed.items()]
    wrong += watcher.wait_until_kept(promises, read_asked(history.file), seconds=180)
    wrong += asyncio.run(inside.wait_for_rest(superuser(system), seconds=90))
    figures = {
        "requests": steady.asked,
        "failed": sum(steady.failed.values()),
        "longest_wait_s": round(steady.longest(), 1),
    }
    seconds = time.monotonic() - began
    return Row("SIGTERM rolling restart", rounds * 4, len(promises), wrong, seconds, figures)


async def _restart_under_load(
    system: System, town: Town, history: History, steady: Steady, rounds: int, scale: Scale
) -> None:
    over = asyncio.Event()

    async def restart() -> None:
        try:
            for _ in range(rounds):
                await asyncio.to_thread(deal, system, Fault("restart all", "all", 0))
        finally:
            over.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(restart())
        rate = scale.per_second * 2
        group.create_task(ask_steadily(town, history, steady, per_second=rate, over=over))


def _storm(
    system: System,
    name: str,
    schedule: Sequence[Fault],
    seed: int,
    reports: int,
    scale: Scale,
    *,
    photo_every: int = 40,
    door: str | None = None,
) -> Row:
    began = time.monotonic()
    outcome = blow(
        system,
        schedule,
        seed=seed,
        reports=reports,
        per_second=scale.per_second,
        settle_s=300,
        photo_every=photo_every,
        door=door,
    )
    wrong = [
        *outcome.wrong,
        *outcome.trouble,
        *(f"given up: {one}" for one in outcome.crowd.given_up),
    ]
    seconds = time.monotonic() - began
    return Row(name, outcome.faults, outcome.promised, wrong, seconds, _figures(outcome))


def _figures(outcome: Outcome) -> dict[str, Any]:
    waits = sorted(outcome.crowd.waits)
    return {
        "retries": outcome.crowd.retries,
        "failures": outcome.crowd.failures,
        "recovery_s": round(outcome.recovery_s, 1),
        "in_flight": outcome.in_flight,
        "wait_p50_s": round(waits[len(waits) // 2], 2),
        "wait_p99_s": round(waits[int(len(waits) * 0.99)], 2),
        "history": Path(outcome.history or "").name,
    }


def _restarts(system: System) -> Mapping[str, int]:
    parts = system.parts()
    return {part: parts[part]["restarts"] for part in ("intake", "routing", "media", "notify")}
