"""The one thing that commits: what a use case changes and what it says happen together or not at all."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from melder_common.clock import Clock, utc_now
from melder_common.crash_points import crash_point
from melder_common.envelope import seal_envelope
from melder_common.events import Event
from melder_common.ids import new_id
from melder_common.partitions import CATALOGUE_PARTITION, partition_of
from melder_common.tables import EventTables
from melder_common.wakeup import Wakeup

_traces = TraceContextTextMapPropagator()


class UnitOfWork:
    """One open transaction. Use cases read and write through ``connection`` and never commit."""

    def __init__(
        self,
        connection: AsyncConnection,
        *,
        tables: EventTables,
        speaker: str,
        partitions: int,
        now: datetime,
    ) -> None:
        self.connection = connection
        self.now = now
        self._tables = tables
        self._speaker = speaker
        self._partitions = partitions
        self._recorded: list[tuple[Event, UUID, UUID | None, UUID]] = []

    def record(self, event: Event, *, aggregate_id: UUID, report_id: UUID | None = None) -> UUID:
        """Say that something happened; it leaves with the commit. Returns the event's id.

        Lock the aggregate's row first: that lock is what keeps its events in the order written.
        """
        if event.SPEAKER != self._speaker:
            msg = f"{self._speaker} may not speak {event.NAME}: its speaker is {event.SPEAKER}"
            raise ValueError(msg)
        event_id = new_id()
        self._recorded.append((event, aggregate_id, report_id, event_id))
        return event_id

    async def plan(
        self, kind: str, key: str, *, at: datetime, payload: Mapping[str, Any] | None = None
    ) -> None:
        """Have the timer ``kind`` fall due at ``at``; planning the same (kind, key) again moves it."""
        due = self._tables.due
        row = {"kind": kind, "key": key, "at": at, "payload": dict(payload or {})}
        statement = upsert(due).values(row)
        await self.connection.execute(
            statement.on_conflict_do_update(
                index_elements=[due.c.kind, due.c.key],
                set_={"at": at, "payload": row["payload"], "attempt": 0, "fence": due.c.fence + 1,
                      "claimed_by": None, "claimed_until": None},
            )
        )

    async def cancel(self, kind: str, key: str) -> None:
        """Take a planned timer back; nothing happens when there is none."""
        due = self._tables.due
        await self.connection.execute(due.delete().where(due.c.kind == kind, due.c.key == key))

    async def write_events(self) -> set[int]:
        """Put what was recorded into the outbox; called once, right before the commit."""
        if not self._recorded:
            return set()
        seen = await self._own_cursors()
        carrier: dict[str, str] = {}
        if trace.get_current_span().get_span_context().is_valid:
            _traces.inject(carrier)
        rows = []
        for event, aggregate_id, report_id, event_id in self._recorded:
            partition = self._partition(event, aggregate_id, report_id)
            envelope = seal_envelope(
                event,
                event_id=event_id,
                aggregate_id=aggregate_id,
                report_id=report_id,
                partition=partition,
                occurred_at=self.now,
                seen={
                    f"{speaker}/{p}": position
                    for (speaker, p), position in seen.items()
                    if p in {partition, CATALOGUE_PARTITION}
                },
                trace=carrier.get("traceparent"),
            )
            rows.append({"partition": partition, "name": event.NAME, "envelope": envelope})
        await self.connection.execute(insert(self._tables.outbox), rows)
        self._recorded.clear()
        return {row["partition"] for row in rows}

    def _partition(self, event: Event, aggregate_id: UUID, report_id: UUID | None) -> int:
        if event.AGGREGATE == "catalogue":
            return CATALOGUE_PARTITION
        return partition_of(report_id or aggregate_id, self._partitions)

    async def _own_cursors(self) -> dict[tuple[str, int], int]:
        cursor = self._tables.cursor
        rows = await self.connection.execute(
            select(cursor.c.speaker, cursor.c.partition, cursor.c.position).where(
                cursor.c.position > 0
            )
        )
        return {(row.speaker, row.partition): row.position for row in rows}


class UnitsOfWork:
    """Opens units of work on one service's schema; built once in ``main``."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        tables: EventTables,
        speaker: str,
        partitions: int,
        wakeup: Wakeup | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self.engine = engine
        self.tables = tables
        self.speaker = speaker
        self.partitions = partitions
        self.wakeup = wakeup or Wakeup()
        self.clock = clock

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        """A unit that commits when the block ends well and rolls back when it raises."""
        async with self.engine.connect() as connection:
            unit = UnitOfWork(
                connection,
                tables=self.tables,
                speaker=self.speaker,
                partitions=self.partitions,
                now=self.clock(),
            )
            partitions = set[int]()
            try:
                yield unit
                partitions = await unit.write_events()
                crash_point("before_commit")
                await connection.commit()
            except BaseException:
                await connection.rollback()
                raise
        crash_point("after_commit")
        if partitions:
            self.wakeup.outbox.set()
