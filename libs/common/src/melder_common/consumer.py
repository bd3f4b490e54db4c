"""The consumer: applies the logs of other services in order, each event once.

One consumer per partition. A batch of events and the move of the cursor are one commit, so nothing
else has to remember what was applied; the cursor's old value in the update is the fence. What lies
beyond the next position shows that something is missing: the relay is asked to publish again, and
what is ahead is dropped, because it will come again. Whatever the transport does, the outbox of the
speaker and the own cursor decide.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Generic, TypeVar

import structlog
from pydantic import ValidationError
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from melder_common.crash_points import crash_point
from melder_common.database import is_unavailable
from melder_common.dead_letters import add_letters, find_blocked, has_letters
from melder_common.envelope import open_envelope
from melder_common.failures import name_failure
from melder_common.followed_log import Arrival, FollowedLog
from melder_common.handlers import Subscriptions, find_handlers
from melder_common.transport import Message, Transport, TransportFailed
from melder_common.unit_of_work import UnitOfWork, UnitsOfWork

Parts = TypeVar("Parts")

BATCH = 200
ROOM = 1000
"""How many messages of one log wait in memory at most, beyond the requests under way."""
ASK_AGAIN_S = 1.0
LONGEST_PAUSE_S = 5.0

_log = structlog.get_logger()


class LostCursor(Exception):
    """Somebody else has moved the cursor: this process is not the consumer any more."""


class Consumer(Generic[Parts]):
    """Follows one partition of the logs of ``speakers`` for one service."""

    def __init__(
        self,
        units: UnitsOfWork,
        transport: Transport,
        subscriptions: Subscriptions[Parts],
        parts: Parts,
        *,
        partition: int,
        speakers: Sequence[str],
        followed: Mapping[int, Sequence[str]],
        batch: int = BATCH,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.logs = {speaker: FollowedLog(speaker) for speaker in speakers}
        self._units = units
        self._transport = transport
        self._handlers = find_handlers(subscriptions)
        self._parts = parts
        self._partition = partition
        self._followed = followed
        self._batch = batch
        self._ticks = ticks
        self._elsewhere: dict[tuple[str, int], int] = {}

    async def prepare(self) -> None:
        """Read the cursors; a log never heard of begins at 0."""
        cursor = self._units.tables.cursor
        rows = [
            {"speaker": speaker, "partition": self._partition, "position": 0}
            for speaker in self.logs
        ]
        async with self._units.begin() as unit:
            await unit.connection.execute(insert(cursor).on_conflict_do_nothing(), rows)
        for log in self.logs.values():
            await self._reload(log)
            log.cursor_at_check = log.cursor

    def room(self, speaker: str) -> int:
        """How many more messages of this log may come now."""
        return ROOM - len(self.logs[speaker].waiting)

    def receive(self, speaker: str, message: Message) -> None:
        """Take a message in; what to do about it is decided by ``step``."""
        log = self.logs[speaker]
        if message.position > log.cursor:
            log.waiting[message.position] = self._open(message)
        elif not log.waiting:
            log.settled = message.receipt

    async def step(self, speaker: str) -> bool:
        """Apply the next batch of one log; says whether anything was done."""
        log = self.logs[speaker]
        if self._ticks() < log.retry_at:
            return False
        try:
            if log.in_doubt:
                await self._reload(log)
            run = log.next_run(self._batch)
            if run:
                run = await self._cut_unseen(run)
                await self._apply_or_bury(log, run)
            else:
                await self._ask_for_missing(log)
        except LostCursor:
            _log.warning("cursor_lost", speaker=speaker, partition=self._partition)
            log.in_doubt = True
            return True
        except Exception as error:  # noqa: BLE001 (the edge: whatever is left is tried again)
            self._pause(log, error)
            return False
        log.failures = 0
        await self._acknowledge(log)
        return bool(run)

    async def check(self, speaker: str) -> None:
        """Compare a log with its speaker; ask again when it has stood still behind the head."""
        log = self.logs[speaker]
        ends = await self._transport.ask_ends(speaker, self._partition, log.cursor)
        if ends is None:
            return
        log.lag = ends.head - log.cursor
        if log.lag < 0:
            _log.error(
                "cursor_beyond_head", speaker=speaker, partition=self._partition, lag=log.lag
            )
        if log.cursor == 0 and ends.first > 1:
            await self._begin_at(log, ends.first - 1)
        if log.lag > 0 and log.cursor == log.cursor_at_check and not log.waiting:
            await self._ask_again(log)
        log.cursor_at_check = log.cursor

    @property
    def behind(self) -> bool:
        """Whether something that has arrived still waits to be applied."""
        return any(log.waiting for log in self.logs.values())

    def _open(self, message: Message) -> Arrival:
        handler = self._handlers.get(message.name)
        if handler is None:
            return Arrival(message, None)
        try:
            heard = open_envelope(message.envelope, position=message.position)
        except (ValidationError, ValueError, LookupError, TypeError) as flaw:
            return Arrival(message, handler, flaw=flaw)
        return Arrival(message, handler, heard)

    async def _ask_for_missing(self, log: FollowedLog) -> None:
        if log.waiting:
            log.settled = list(log.waiting.values())[-1].message.receipt
            log.waiting.clear()
            await self._ask_again(log)

    async def _ask_again(self, log: FollowedLog) -> None:
        now = self._ticks()
        if now < log.asked_at + ASK_AGAIN_S:
            return
        log.asked_at = now
        _log.info(
            "asking_again", speaker=log.speaker, partition=self._partition, start=log.cursor + 1
        )
        try:
            await self._transport.ask_again(log.speaker, self._partition, log.cursor + 1)
        except TransportFailed:
            _log.info("asking_again_failed", speaker=log.speaker, partition=self._partition)

    async def _acknowledge(self, log: FollowedLog) -> None:
        receipt, log.settled = log.settled, None
        if receipt is None:
            return
        crash_point("before_ack")
        try:
            await self._transport.acknowledge(receipt)
        except TransportFailed:
            _log.info("acknowledging_failed", speaker=log.speaker, partition=self._partition)

    async def _cut_unseen(self, run: list[Arrival]) -> list[Arrival]:
        """The part of ``run`` whose causes this service has already applied."""
        for index, arrival in enumerate(run):
            if arrival.heard is not None and not await self._has_seen(arrival.heard.seen):
                return run[:index]
        return run

    async def _has_seen(self, seen: dict[str, int]) -> bool:
        for name, position in seen.items():
            speaker, _, number = name.partition("/")
            partition = int(number)
            if speaker not in self._followed.get(partition, ()):
                continue
            if position > await self._cursor_of(speaker, partition, position):
                return False
        return True

    async def _cursor_of(self, speaker: str, partition: int, wanted: int) -> int:
        if partition == self._partition:
            return self.logs[speaker].cursor
        known = self._elsewhere.get((speaker, partition), 0)
        if known < wanted:
            known = await self._read_cursor(speaker, partition)
            self._elsewhere[speaker, partition] = known
        return known

    async def _apply_or_bury(self, log: FollowedLog, run: list[Arrival]) -> None:
        if not run:
            return
        try:
            await self._apply(log, run)
        except LostCursor:
            raise
        except Exception as error:
            if is_unavailable(error):
                raise
            await self._reload(log)
            if len(run) > 1:
                for arrival in run:
                    await self._apply_or_bury(log, [arrival])
            else:
                await self._bury(log, run[0], error)

    async def _apply(self, log: FollowedLog, run: list[Arrival]) -> None:
        async with self._units.begin() as unit:
            await self._move_cursor(unit, log, run[-1].position)
            crash_point("before_apply")
            for arrivals in self._by_handler(await self._park_blocked(unit, log, run)):
                await self._handle(unit, arrivals)
            crash_point("after_apply")
        self._moved(log, run[-1].position, run[-1].message.receipt)

    @staticmethod
    def _by_handler(run: list[Arrival]) -> Iterator[list[Arrival]]:
        wanted = [arrival for arrival in run if arrival.handler is not None]
        for _, arrivals in groupby(wanted, key=attrgetter("handler")):
            yield list(arrivals)

    async def _handle(self, unit: UnitOfWork, arrivals: list[Arrival]) -> None:
        heard = []
        for arrival in arrivals:
            if arrival.heard is None:
                raise arrival.flaw or LookupError(arrival.message.name)
            heard.append(arrival.heard)
        unit.traces = {one.report_id or one.aggregate_id: one.trace for one in heard if one.trace}
        handler = arrivals[0].handler
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
        reason = name_failure(error)
        async with self._units.begin() as unit:
            await self._move_cursor(unit, log, arrival.position)
            await add_letters(
                unit, log.speaker, self._partition, [arrival.message], reason=reason, parked=False
            )
        log.has_letters = True
        self._moved(log, arrival.position, arrival.message.receipt)
        _log.error(
            "dead_letter",
            speaker=log.speaker,
            partition=self._partition,
            position=arrival.position,
            name=arrival.message.name,
            reason=reason,
        )

    async def _move_cursor(self, unit: UnitOfWork, log: FollowedLog, position: int) -> None:
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

    def _moved(self, log: FollowedLog, position: int, receipt: str | None = None) -> None:
        log.lag = max(0, log.lag - (position - log.cursor))
        log.cursor = position
        log.settled = receipt
        log.drop(position)

    async def _begin_at(self, log: FollowedLog, position: int) -> None:
        """Begin a log whose first events are gone; views get them from snapshots instead."""
        async with self._units.begin() as unit:
            await self._move_cursor(unit, log, position)
        self._moved(log, position)
        _log.warning(
            "log_begins_later", speaker=log.speaker, partition=self._partition, at=position
        )

    def _pause(self, log: FollowedLog, error: Exception) -> None:
        log.failures += 1
        pause = min(LONGEST_PAUSE_S, 0.1 * 2 ** min(log.failures, 10))
        log.retry_at = self._ticks() + pause
        log.in_doubt = True
        _log.warning(
            "applying_waits",
            speaker=log.speaker,
            partition=self._partition,
            reason=name_failure(error),
            again_in_s=pause,
        )

    async def _reload(self, log: FollowedLog) -> None:
        """Believe the database: after a failure nobody knows whether the commit went through."""
        log.cursor = await self._read_cursor(log.speaker, self._partition)
        log.has_letters = await has_letters(
            self._units.engine, self._units.tables, log.speaker, self._partition
        )
        log.drop(log.cursor)
        log.in_doubt = False

    async def _read_cursor(self, speaker: str, partition: int) -> int:
        cursor = self._units.tables.cursor
        statement = select(cursor.c.position).where(
            cursor.c.speaker == speaker, cursor.c.partition == partition
        )
        async with self._units.engine.connect() as connection:
            return int(await connection.scalar(statement) or 0)
