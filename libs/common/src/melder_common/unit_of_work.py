"""The one thing that commits: what a use case changes and what it says happen together, or not."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from sqlalchemy import TextClause, delete, text, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from melder_common.clock import Clock, SharedClock
from melder_common.crash_points import crash_point
from melder_common.envelope import seal_envelope
from melder_common.events import Event
from melder_common.ids import new_id
from melder_common.partitions import CATALOGUE_PARTITION, partition_of
from melder_common.tables import EventTables
from melder_common.wakeup import Wakeup

_traces = TraceContextTextMapPropagator()


class _Recorded(NamedTuple):
    event: Event
    event_id: UUID
    aggregate_id: UUID
    report_id: UUID | None
    partition: int


class UnitOfWork:
    """One open transaction. Use cases read and write through ``connection`` and never commit.

    ``traces`` maps report (or aggregate) ids to the trace context in which they came here, so that
    what is recorded about them goes on with their trace.
    """

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
        self.tables = tables
        self.traces: Mapping[UUID, str] = {}
        self._speaker = speaker
        self._partitions = partitions
        self._recorded: list[_Recorded] = []
        self._planned: dict[tuple[str, str], dict[str, Any]] = {}
        self._cancelled: set[tuple[str, str]] = set()

    def record(self, event: Event, *, aggregate_id: UUID, report_id: UUID | None = None) -> UUID:
        """Say that something happened; it leaves with the commit. Returns the event's id.

        Lock the aggregate's row first: that lock is what keeps its events in the order written.
        """
        if self._speaker != event.SPEAKER:
            msg = f"{self._speaker} may not speak {event.NAME}: its speaker is {event.SPEAKER}"
            raise ValueError(msg)
        if event.AGGREGATE == "catalogue":
            partition = CATALOGUE_PARTITION
        else:
            partition = partition_of(report_id or aggregate_id, self._partitions)
        recorded = _Recorded(event, new_id(), aggregate_id, report_id, partition)
        self._recorded.append(recorded)
        return recorded.event_id

    async def plan(
        self, kind: str, key: str, *, at: datetime, payload: Mapping[str, Any] | None = None
    ) -> None:
        """Have the timer ``kind`` fall due at ``at``; planning the same (kind, key) again moves it.

        It is written right before the commit, all timers of a unit at once.
        """
        self._cancelled.discard((kind, key))
        self._planned[kind, key] = {
            "kind": kind,
            "key": key,
            "at": at,
            "payload": dict(payload or {}),
        }

    async def cancel(self, kind: str, key: str) -> None:
        """Take a planned timer back; nothing happens when there is none."""
        self._planned.pop((kind, key), None)
        self._cancelled.add((kind, key))

    async def write_timers(self) -> bool:
        """Put plans and cancellations into ``due``; says whether something may be due already."""
        due = self.tables.due
        if self._cancelled:
            await self.connection.execute(
                delete(due).where(tuple_(due.c.kind, due.c.key).in_(self._cancelled))
            )
        if not self._planned:
            return False
        statement = upsert(due)
        moved = {
            "at": statement.excluded.at,
            "payload": statement.excluded.payload,
            "attempt": 0,
            "fence": due.c.fence + 1,
            "claimed_by": None,
            "claimed_until": None,
            "last_error": None,
        }
        statement = statement.on_conflict_do_update(
            index_elements=[due.c.kind, due.c.key], set_=moved
        )
        in_lock_order = [row for _, row in sorted(self._planned.items(), key=itemgetter(0))]
        await self.connection.execute(statement, in_lock_order)
        return any(row["at"] <= self.now for row in self._planned.values())

    async def write_events(self) -> bool:
        """Put what was recorded into the outbox; says whether there was anything."""
        if not self._recorded:
            return False
        cursors = await self._own_cursors({recorded.partition for recorded in self._recorded})
        carrier: dict[str, str] = {}
        if trace.get_current_span().get_span_context().is_valid:
            _traces.inject(carrier)
        traceparent = carrier.get("traceparent")
        await self.connection.execute(
            _say(self.tables.schema),
            {
                "partitions": [recorded.partition for recorded in self._recorded],
                "names": [recorded.event.NAME for recorded in self._recorded],
                "envelopes": [
                    self._sealed(recorded, cursors, traceparent) for recorded in self._recorded
                ],
            },
        )
        self._recorded.clear()
        return True

    def _sealed(
        self, recorded: _Recorded, cursors: dict[tuple[str, int], int], traceparent: str | None
    ) -> bytes:
        return seal_envelope(
            recorded.event,
            event_id=recorded.event_id,
            aggregate_id=recorded.aggregate_id,
            report_id=recorded.report_id,
            partition=recorded.partition,
            occurred_at=self.now,
            seen={
                f"{speaker}/{partition}": position
                for (speaker, partition), position in cursors.items()
                if partition in {recorded.partition, CATALOGUE_PARTITION}
            },
            trace=traceparent or self.traces.get(recorded.report_id or recorded.aggregate_id),
        )

    async def _own_cursors(self, partitions: set[int]) -> dict[tuple[str, int], int]:
        touched = sorted(partitions | {CATALOGUE_PARTITION})
        rows = await self.connection.execute(
            _find_cursors(self.tables.schema), {"partitions": touched}
        )
        return {(row.speaker, row.partition): row.position for row in rows}


@cache
def _say(schema: str) -> TextClause:
    """Outbox rows in the order given. It asks for nothing back: the desk may not read here."""
    return text(f"""
        INSERT INTO {schema}.outbox (partition, name, envelope)
        SELECT partition, name, envelope FROM unnest(
            CAST(:partitions AS smallint[]), CAST(:names AS text[]), CAST(:envelopes AS bytea[])
        ) WITH ORDINALITY AS said (partition, name, envelope, nth)
        ORDER BY nth
    """)


@cache
def _find_cursors(schema: str) -> TextClause:
    return text(f"""
        SELECT speaker, partition, position FROM {schema}.cursor
        WHERE partition = ANY(CAST(:partitions AS smallint[])) AND position > 0
    """)


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
        clock: Clock | None = None,
    ) -> None:
        self.engine = engine
        self.tables = tables
        self.speaker = speaker
        self.partitions = partitions
        self.wakeup = wakeup or Wakeup()
        self._shared = SharedClock()
        self.clock = clock or self._shared

    async def look_at_clock(self) -> None:
        """Set the clock by the database's; the first unit does so, then whoever keeps the leases.

        What one process plans, another carries out, so all must mean the same time. A clock that
        was handed in stays as it is.
        """
        asked = self._shared.ticks()
        async with self.engine.connect() as connection:
            at = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
        self._shared.set(at, asked=asked, answered=self._shared.ticks())

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        """A unit that commits when the block ends well and rolls back when it raises."""
        if self.clock is self._shared and not self._shared.known:
            await self.look_at_clock()
        async with self.engine.connect() as connection:
            unit = UnitOfWork(
                connection,
                tables=self.tables,
                speaker=self.speaker,
                partitions=self.partitions,
                now=self.clock(),
            )
            try:
                yield unit
                timers_due = await unit.write_timers()
                spoken = await unit.write_events()
                crash_point("before_commit")
                await connection.commit()
            except BaseException:
                await connection.rollback()
                raise
        crash_point("after_commit")
        if spoken:
            self.wakeup.outbox.set()
        if timers_due:
            self.wakeup.timers.set()
