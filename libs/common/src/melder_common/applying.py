"""Applying events of a followed log: effects, cursor and dead letters in one commit."""

from collections.abc import Iterable
from typing import Generic, TypeVar

import structlog
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from melder_common.batching import batch_by_handler, batch_neighbours
from melder_common.crash_points import crash_point
from melder_common.database import is_unavailable, sqlstate_of
from melder_common.dead_letters import add_letters, find_blocked, has_letters
from melder_common.failures import name_failure
from melder_common.followed_log import Arrival, FollowedLog
from melder_common.partitions import CATALOGUE_PARTITION
from melder_common.unit_of_work import UnitOfWork, UnitsOfWork

Parts = TypeVar("Parts")

_log = structlog.get_logger()


class LostCursor(Exception):
    """Somebody else has moved the cursor: this process is not the consumer any more."""


class Applier(Generic[Parts]):
    """Applies runs of one partition's logs with the handlers of one service."""

    def __init__(self, units: UnitsOfWork, parts: Parts, *, partition: int) -> None:
        self._units = units
        self._parts = parts
        self._partition = partition

    async def begin(self, logs: list[FollowedLog]) -> None:
        """Read the cursors of ``logs``; a log never heard of begins at 0."""
        rows = [
            {"speaker": log.speaker, "partition": self._partition, "position": 0} for log in logs
        ]
        async with self._units.begin() as unit:
            await unit.connection.execute(insert(unit.tables.cursor).on_conflict_do_nothing(), rows)
        for log in logs:
            await self.reload(log)
            log.cursor_at_check = log.cursor

    async def reload(self, log: FollowedLog) -> None:
        """Believe the database: after a failure nobody knows whether the commit went through."""
        position = await self.read_cursor(log.speaker, self._partition)
        log.has_letters = await has_letters(
            self._units.engine, self._units.tables, log.speaker, self._partition
        )
        log.move_to(position)
        log.in_doubt = False

    async def read_cursor(self, speaker: str, partition: int) -> int:
        """Up to where this service has applied a log of any partition."""
        cursor = self._units.tables.cursor
        statement = select(cursor.c.position).where(
            cursor.c.speaker == speaker, cursor.c.partition == partition
        )
        async with self._units.engine.connect() as connection:
            return int(await connection.scalar(statement) or 0)

    async def apply_or_bury(self, log: FollowedLog, run: list[Arrival]) -> None:
        """Apply ``run``; if that fails, event by event, the failing ones becoming dead letters.

        Raises LostCursor, and whatever may be different at the next try.
        """
        try:
            await self._apply(log, run)
        except LostCursor:
            raise
        except Exception as error:
            if is_unavailable(error) or _is_our_fault(error):
                raise
            await self.reload(log)
            if len(run) > 1:
                for arrival in run:
                    await self.apply_or_bury(log, [arrival])
            else:
                await self._bury(log, run[0], error)

    async def begin_at(self, log: FollowedLog, position: int) -> None:
        """Move the cursor without applying anything: the events before are gone."""
        async with self._units.begin() as unit:
            await self._move_cursor(unit, log, position)
        log.move_to(position)

    async def _apply(self, log: FollowedLog, run: list[Arrival]) -> None:
        last = run[-1].message
        async with self._units.begin() as unit:
            await self._move_cursor(unit, log, last.position)
            crash_point("before_apply")
            for arrivals in self._batches(await self._park_blocked(unit, log, run)):
                await self._handle(unit, arrivals)
            crash_point("after_apply")
        log.move_to(last.position, last.receipt)

    def _batches(self, run: list[Arrival]) -> Iterable[list[Arrival]]:
        if self._partition == CATALOGUE_PARTITION:
            return batch_neighbours(run)
        return batch_by_handler(run)

    async def _handle(self, unit: UnitOfWork, arrivals: list[Arrival]) -> None:
        handler = arrivals[0].handler
        heard = [arrival.read() for arrival in arrivals]
        unit.traces = {one.report_id or one.aggregate_id: one.trace for one in heard if one.trace}
        if handler is not None:
            await handler(unit, heard, self._parts)

    async def _park_blocked(
        self, unit: UnitOfWork, log: FollowedLog, run: list[Arrival]
    ) -> list[Arrival]:
        """Park the events whose aggregate has a dead letter; returns the others."""
        if not log.has_letters:
            return run
        aggregates = {arrival.position: arrival.aggregate_id for arrival in run if arrival.handler}
        blocked = await find_blocked(unit, log.speaker, set(aggregates.values()))
        parked = [arrival for arrival in run if aggregates.get(arrival.position) in blocked]
        if parked:
            await add_letters(
                unit,
                log.speaker,
                self._partition,
                [arrival.message for arrival in parked],
                reason="waits behind an earlier event",
                parked=True,
            )
        return [arrival for arrival in run if arrival not in parked]

    async def _bury(self, log: FollowedLog, arrival: Arrival, error: Exception) -> None:
        message, reason = arrival.message, name_failure(error)
        async with self._units.begin() as unit:
            await self._move_cursor(unit, log, message.position)
            await add_letters(
                unit, log.speaker, self._partition, [message], reason=reason, parked=False
            )
        log.has_letters = True
        log.move_to(message.position, message.receipt)
        _log.error(
            "dead_letter",
            speaker=log.speaker,
            partition=self._partition,
            position=message.position,
            name=message.name,
            reason=reason,
        )

    async def _move_cursor(self, unit: UnitOfWork, log: FollowedLog, position: int) -> None:
        """Move the cursor from where this process believes it to be: the fence of all effects."""
        cursor = unit.tables.cursor
        moved = await unit.connection.execute(
            update(cursor)
            .where(
                cursor.c.speaker == log.speaker,
                cursor.c.partition == self._partition,
                cursor.c.position == log.cursor,
            )
            .values(position=position)
        )
        if moved.rowcount != 1:
            raise LostCursor(f"{log.speaker}/{self._partition}")


def _is_our_fault(error: Exception) -> bool:
    """Whether schema, rights or SQL are wrong (SQLSTATE class 42): no event would fare better."""
    return (sqlstate_of(error) or "").startswith("42")
