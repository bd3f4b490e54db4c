"""One service's runtime: what every ``main.py`` builds, and what runs while it serves."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from melder_common import dead_letters
from melder_common.connection import Connection
from melder_common.database import make_engine
from melder_common.edges import install_edges
from melder_common.erasures import NOTE_ERASURE, ledger_of, ledger_timer
from melder_common.event_metrics import EventMetrics
from melder_common.handlers import Handler, Subscriptions
from melder_common.reconcile import Reconciler
from melder_common.runtime import Breath, Pace, Runtime, Work
from melder_common.serving import serve
from melder_common.settings import ServiceSettings
from melder_common.snapshots import SnapshotSource, View, plan_rebuild
from melder_common.streams import NatsTransport
from melder_common.tables import EventTables
from melder_common.timers import (
    AnyTimerHandler,
    Due,
    LostClaim,
    TimerHandler,
    Together,
    postpone,
    settle,
)
from melder_common.unit_of_work import UnitsOfWork

__all__ = [
    "Breath",
    "Due",
    "Handler",
    "LostClaim",
    "Pace",
    "Reconciler",
    "Service",
    "SnapshotSource",
    "TimerHandler",
    "Together",
    "View",
    "install_edges",
    "postpone",
    "serve",
    "settle",
]

Parts = TypeVar("Parts")

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


@dataclass(frozen=True)
class Service(Generic[Parts]):
    """A service with its engine and its units of work; ``work`` is what it hears and plans."""

    name: str
    settings: ServiceSettings
    engine: AsyncEngine
    tables: EventTables
    units: UnitsOfWork
    work: Work[Parts]
    pace: Pace

    @classmethod
    def build(
        cls,
        settings: ServiceSettings,
        *,
        name: str,
        tables: EventTables,
        subscriptions: Subscriptions[Parts],
        timers: Mapping[str, AnyTimerHandler[Parts]],
        reconcilers: Sequence[Reconciler[Parts]] = (),
        snapshots: Sequence[SnapshotSource] = (),
        views: Sequence[View] = (),
        breath: Breath | None = None,
        pace: Pace | None = None,
    ) -> "Service[Parts]":
        """Build without connecting to anything."""
        engine = make_engine(
            settings.database_url,
            password_file=settings.database_password_file,
            application_name=f"{name} {settings.instance}",
            pool_size=settings.pool_size,
        )
        units = UnitsOfWork(engine, tables=tables, speaker=name, partitions=settings.partitions)
        ledger = {NOTE_ERASURE: ledger_timer(ledger_of(settings, name))}
        work = Work(
            subscriptions,
            {**timers, **ledger},
            reconcilers,
            snapshots,
            views,
            breath or Breath(),
        )
        return cls(name, settings, engine, tables, units, work, pace or Pace())

    def lifespan(
        self, parts: Parts, *, started: Callable[[Runtime[Parts]], None] | None = None
    ) -> Lifespan:
        """What FastAPI runs around serving: relay, consumers and timers, with ``parts`` at hand.

        ``started`` is called with the runtime before the first request.
        """

        @asynccontextmanager
        async def run(app: FastAPI) -> AsyncIterator[None]:
            async with self.running(parts) as runtime:
                self._show(app, runtime)
                if started is not None:
                    started(runtime)
                yield

        return run

    @asynccontextmanager
    async def running(self, parts: Parts) -> AsyncIterator[Runtime[Parts]]:
        """The same without an app, for tests and commands. NATS may come later."""
        connection = Connection(
            self.settings.nats_url,
            name=f"{self.name} {self.settings.instance}",
            user=self.settings.nats_user,
            password_file=self.settings.nats_password_file,
        )
        runtime = Runtime(
            self.units,
            connection,
            self.work,
            parts,
            instance=self.settings.instance,
            pace=self.pace,
            transport=self.transport_over(connection),
        )
        runtime.start()
        try:
            yield runtime
        finally:
            await runtime.stop()
            await self.engine.dispose()

    def transport_over(self, connection: Connection) -> NatsTransport:
        """The way to NATS, with what the settings say of making streams."""
        return NatsTransport(
            connection.client,
            self.name,
            replicas=self.settings.nats_replicas,
            may_set_up=not self.settings.nats_streams_by_operator,
        )

    async def replay(self, parts: Parts, letter_id: int) -> int:
        """Apply a dead letter and all parked behind it (see ``dead_letters.replay``)."""
        return await dead_letters.replay(self.units, self.work.subscriptions, parts, letter_id)

    async def skip(self, parts: Parts, letter_id: int) -> int:
        """Give a dead letter up and apply what is parked behind it (see ``dead_letters.skip``)."""
        return await dead_letters.skip(self.units, self.work.subscriptions, parts, letter_id)

    async def rebuild(self, view: str) -> None:
        """Have the running service rebuild one of its views from snapshots."""
        if view not in {known.name for known in self.work.views}:
            raise LookupError(f"{self.name} has no view {view}")
        await plan_rebuild(self.units, view)

    @staticmethod
    def _show(app: FastAPI, runtime: Runtime[Any]) -> None:
        """Let health and metrics, where ``install_edges`` has put them, show the background."""
        health = getattr(app.state, "health", None)
        if health is not None:
            health.watch("events", runtime.alive)
        metrics = getattr(app.state, "metrics", None)
        if metrics is not None:
            runtime.show_metrics(EventMetrics(metrics.registry))
            metrics.before_scrape(runtime.refresh_metrics)
