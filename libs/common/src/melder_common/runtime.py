"""What runs beside the requests of one service: relay, consumers, timers, housekeeping."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from melder_common.background import end, keep_running
from melder_common.connection import Connection
from melder_common.consumer import Consumer
from melder_common.event_metrics import EventMetrics
from melder_common.failures import name_failure
from melder_common.handlers import Subscriptions, find_logs
from melder_common.hearing import Hearing
from melder_common.housekeeping import Housekeeping
from melder_common.ids import new_id
from melder_common.lag import read_event_state
from melder_common.leases import HOUSEKEEPING, Leases, log_lease
from melder_common.partitions import CATALOGUE_PARTITION
from melder_common.reconcile import Reconciler
from melder_common.relay import Relay
from melder_common.snapshots import (
    REBUILD_TIMER,
    SNAPSHOT_TIMER,
    SnapshotSource,
    View,
    rebuild_timer,
    snapshot_timer,
)
from melder_common.speaking import Speaking
from melder_common.streams import NatsTransport
from melder_common.timer_runner import Timers
from melder_common.timers import AnyTimerHandler
from melder_common.unit_of_work import UnitsOfWork

Parts = TypeVar("Parts")

STUCK_S = 120.0
"""How long one turn of keeping the leases may take: every wait in it has a shorter deadline."""

_log = structlog.get_logger()


class WrongPartitions(RuntimeError):
    """The number of partitions was changed; a report's events would be torn apart."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often things are looked at, in seconds; tests hurry."""

    lease_s: float = 6.0
    poll_s: float = 0.5
    compare_s: float = 60.0
    check_s: float = 60.0
    soon_s: float = 5.0
    timers_s: float = 1.0
    reconcile_s: float = 180.0
    prune_s: float = 3600.0


@dataclass(frozen=True, slots=True)
class Breath:
    """How long a service pauses after a batch that was not full, in seconds.

    The first event after a rest never waits. In a stream, what comes within the pause is one
    transaction instead of many: as long as nobody who waits for this service would notice.
    """

    speak_s: float = 0.2
    hear_s: float = 0.1
    timers_s: float = 0.1


@dataclass(frozen=True, slots=True)
class Work(Generic[Parts]):
    """What a service does beside answering: its tables of events, timers and checks."""

    subscriptions: Subscriptions[Parts]
    timers: Mapping[str, AnyTimerHandler[Parts]]
    reconcilers: Sequence[Reconciler[Parts]] = ()
    snapshots: Sequence[SnapshotSource] = ()
    views: Sequence[View] = ()
    breath: Breath = Breath()


class Runtime(Generic[Parts]):
    """The background of one process. ``start`` returns at once; nothing here fails a start."""

    def __init__(
        self,
        units: UnitsOfWork,
        connection: Connection,
        work: Work[Parts],
        parts: Parts,
        *,
        instance: str,
        pace: Pace | None = None,
        transport: NatsTransport | None = None,
    ) -> None:
        self.pace = pace or Pace()
        self.consumers: dict[int, Consumer[Parts]] = {}
        self._units = units
        self._connection = connection
        self._work = work
        self._parts = parts
        self._service = units.speaker
        self._followed = find_logs(work.subscriptions, self._service, units.partitions)
        holder = f"{instance}/{new_id().hex[-8:]}"
        self._transport = transport or NatsTransport(connection.client, self._service)
        self._leases = Leases(
            units.engine,
            units.tables,
            holder=holder,
            groups=[
                [log_lease(partition) for partition in range(1, units.partitions + 1)],
                [log_lease(CATALOGUE_PARTITION), HOUSEKEEPING],
            ],
            ttl_s=self.pace.lease_s,
        )
        self._speaking = Speaking(
            Relay(units.engine, units.tables, self._transport),
            self._transport,
            self._leases,
            units,
            poll_s=self.pace.poll_s,
            compare_s=self.pace.compare_s,
            gather_s=work.breath.speak_s,
        )
        self._timers = Timers(
            units,
            {
                **work.timers,
                SNAPSHOT_TIMER: snapshot_timer(work.snapshots),
                REBUILD_TIMER: rebuild_timer(work.views, self._transport.ask_snapshots),
            },
            parts,
            holder=holder,
            poll_s=self.pace.timers_s,
            gather_s=work.breath.timers_s,
        )
        self._housekeeping = Housekeeping(units, self._leases, work.reconcilers, parts)
        self._tasks: list[asyncio.Task[None]] = []
        self._hearing: dict[int, tuple[int, asyncio.Task[None]]] = {}
        self._metrics: EventMetrics | None = None
        self._turned_at = 0.0

    def start(self) -> None:
        """Begin all background work."""
        self._turned_at = time.monotonic()
        self._connection.when_connected(self._speaking.compare_soon)
        work: dict[str, Callable[[], Awaitable[None]]] = {
            "connect": self._connect,
            "leases": self._keep_leases,
            "relay": self._speaking.run,
            "timers": self._timers.run,
            "reconcile": partial(self._housekeeping.reconcile, self.pace.reconcile_s),
            "prune": partial(self._housekeeping.prune, self.pace.prune_s),
        }
        self._tasks = [
            asyncio.create_task(keep_running(name, run), name=name) for name, run in work.items()
        ]

    async def stop(self) -> None:
        """End all background work and give the leases back."""
        hearing = [task for _, task in self._hearing.values()]
        await end([*hearing, *self._tasks])
        self._hearing.clear()
        try:
            await self._timers.stop()
            await self._leases.release()
        except (SQLAlchemyError, OSError) as error:
            _log.warning("leases_not_released", reason=name_failure(error))
        await self._connection.close()

    @property
    def transport(self) -> NatsTransport:
        """The way to the other services' relays, for asking how far their logs are."""
        return self._transport

    def alive(self) -> bool:
        """Whether every background task still runs, and the leases are looked after.

        A process that has stopped doing so publishes and hears nothing, and would not say so.
        """
        stuck = time.monotonic() > self._turned_at + STUCK_S
        return not (stuck or any(task.done() for task in self._tasks))

    def show_metrics(self, metrics: EventMetrics) -> None:
        """Report to ``metrics`` from now on."""
        self._metrics = metrics
        self._housekeeping.metrics = metrics

    async def refresh_metrics(self) -> None:
        """Bring the gauges up to date, before they are read."""
        if self._metrics is None:
            return
        self._metrics.show_logs(self.consumers)
        try:
            async with self._units.engine.connect() as connection:
                state = await read_event_state(connection, self._units.tables.schema)
        except (SQLAlchemyError, OSError) as error:
            _log.warning("metrics_not_refreshed", reason=name_failure(error))
        else:
            self._metrics.show_state(state)

    async def _connect(self) -> None:
        await self._connection.open()
        await self._speaking.listen([source.aggregate for source in self._work.snapshots])
        await asyncio.Event().wait()

    async def _keep_leases(self) -> None:
        self._turned_at = time.monotonic()
        await self._check_partitions()
        await self._leases.prepare()
        while True:
            self._turned_at = time.monotonic()
            await self._units.look_at_clock()
            held = await self._leases.renew()
            fences = {
                partition: held[name].fence
                for partition in self._followed
                if (name := log_lease(partition)) in held and self._followed[partition]
            }
            await self._assign(fences)
            await asyncio.sleep(self.pace.lease_s / 3)

    async def _assign(self, fences: dict[int, int]) -> None:
        """Hear exactly the partitions whose leases are held; a new fence is a new beginning."""
        lost = {
            partition: task
            for partition, (fence, task) in self._hearing.items()
            if fences.get(partition) != fence
        }
        await end(list(lost.values()))
        for partition in lost:
            del self._hearing[partition]
            self.consumers.pop(partition, None)
        for partition, fence in fences.items():
            if partition not in self._hearing:
                task = asyncio.create_task(self._hear(partition), name=f"hearing {partition}")
                self._hearing[partition] = (fence, task)

    async def _hear(self, partition: int) -> None:
        async def run() -> None:
            consumer = Consumer(
                self._units,
                self._transport,
                self._work.subscriptions,
                self._parts,
                partition=partition,
                followed=self._followed,
            )
            self.consumers[partition] = consumer
            hearing = Hearing(
                consumer,
                self._connection,
                self._transport,
                service=self._service,
                partition=partition,
                check_s=self.pace.check_s,
                soon_s=self.pace.soon_s,
                gather_s=self._work.breath.hear_s,
            )
            await hearing.run()

        await keep_running(f"hearing {partition}", run)

    async def _check_partitions(self) -> None:
        log_head = self._units.tables.log_head
        async with self._units.engine.connect() as connection:
            highest = await connection.scalar(select(func.max(log_head.c.partition)))
        if highest is not None and highest != self._units.partitions:
            raise WrongPartitions(
                f"this installation has {highest} partitions, the setting says "
                f"{self._units.partitions}: set it back, it cannot be changed"
            )
