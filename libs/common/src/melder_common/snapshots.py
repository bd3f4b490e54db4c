"""Rebuilding a view: it is emptied, then its speakers tell everything anew, as ordinary events.

A speaker registers a ``SnapshotSource`` per aggregate, a hearer a ``View``. Both run as timers, so
they survive a crash and go on where they were: ``plan_rebuild`` plans the first one.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from melder_common.timers import Due, TimerHandler, postpone, settle
from melder_common.unit_of_work import UnitOfWork, UnitsOfWork

BATCH: Final = 100
SNAPSHOT_TIMER: Final = "melder.snapshots"
REBUILD_TIMER: Final = "melder.rebuild"

AskSnapshots = Callable[[str, str], Awaitable[None]]
"""Asks (speaker, aggregate) for snapshots; raises when nobody has taken the request."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SnapshotSource:
    """How a speaker tells the whole of one aggregate.

    ``speak(unit, after, limit)`` locks the next ``limit`` rows in the order of their ids, records a
    ``<aggregate>.snapshot`` for each and returns the last id as text, or None when there are none.
    """

    aggregate: str
    speak: Callable[[UnitOfWork, str | None, int], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class View:
    """A view that can be rebuilt; ``sources`` are pairs of speaker and aggregate.

    ``clear`` empties it, and fills it again from what the service itself owns.
    """

    name: str
    clear: Callable[[UnitOfWork], Awaitable[None]]
    sources: Sequence[tuple[str, str]]


async def plan_rebuild(units: UnitsOfWork, view: str) -> None:
    """Have ``view`` rebuilt by the running service."""
    async with units.begin() as unit:
        await unit.plan(REBUILD_TIMER, view, at=unit.now)


async def plan_snapshots(units: UnitsOfWork, aggregate: str) -> None:
    """Have all rows of ``aggregate`` spoken anew, from the first one on."""
    async with units.begin() as unit:
        await unit.plan(SNAPSHOT_TIMER, aggregate, at=unit.now)


def snapshot_timer(sources: Sequence[SnapshotSource]) -> TimerHandler[Any]:
    """The timer that speaks snapshots, a batch at each turn, so that other events get theirs."""
    by_aggregate = {source.aggregate: source for source in sources}

    async def speak(due: Due, _parts: Any, units: UnitsOfWork) -> None:
        async with units.begin() as unit:
            after = due.payload.get("after")
            last = await by_aggregate[due.key].speak(unit, after, BATCH)
            if last is None:
                await settle(unit, due)
            else:
                await postpone(unit, due, unit.now, payload={"after": last})

    return speak


def rebuild_timer(views: Sequence[View], ask: AskSnapshots) -> TimerHandler[Any]:
    """The timer that empties a view once, then asks until every speaker has taken the request."""
    by_name = {view.name: view for view in views}

    async def rebuild(due: Due, _parts: Any, units: UnitsOfWork) -> None:
        view = by_name[due.key]
        if not due.payload.get("cleared"):
            async with units.begin() as unit:
                await view.clear(unit)
                await postpone(unit, due, unit.now, payload={"cleared": True})
            return
        for speaker, aggregate in view.sources:
            await ask(speaker, aggregate)
        async with units.begin() as unit:
            await settle(unit, due)
        _log.info("view_rebuilding", view=view.name)

    return rebuild
