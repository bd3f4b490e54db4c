"""The consumer: applies the logs of other services in order, each event once.

One consumer per partition. A batch of events and the move of the cursor are one commit, so nothing
else has to remember what was applied; the cursor's old value in the update is the fence. What lies
beyond the next position shows that something is missing: the relay is asked to publish again, and
what is ahead is dropped, because it will come again. Whatever the transport does, the outbox of the
speaker and the own cursor decide.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

import structlog
from pydantic import ValidationError

from melder_common.applying import Applier, LostCursor
from melder_common.crash_points import crash_point
from melder_common.envelope import open_envelope
from melder_common.failures import name_failure
from melder_common.followed_log import Arrival, FollowedLog
from melder_common.handlers import Subscriptions, find_handlers
from melder_common.transport import Message, Transport, TransportFailed
from melder_common.unit_of_work import UnitsOfWork

Parts = TypeVar("Parts")

BATCH = 200
ROOM = 1000
"""How many messages of one log wait in memory at most, beyond the requests under way."""
ASK_AGAIN_S = 1.0
ACKNOWLEDGE_S = 1.0
"""How long what is applied may stay unacknowledged. Each word of it costs NATS a file, and only
spares a message its second coming; the cursor has long moved. Well below ``streams.ACK_WAIT_S``."""
ACKNOWLEDGE_EVENTS = 500
"""The same in events: well below ``streams.MAX_UNACKNOWLEDGED``."""
LONGEST_PAUSE_S = 5.0

_log = structlog.get_logger()


class Consumer(Generic[Parts]):
    """Follows one partition of the logs that a service hears.

    ``followed``: the speakers by partition that this service hears in all its processes.
    """

    def __init__(
        self,
        units: UnitsOfWork,
        transport: Transport,
        subscriptions: Subscriptions[Parts],
        parts: Parts,
        *,
        partition: int,
        followed: Mapping[int, Sequence[str]],
        batch: int = BATCH,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.logs = {speaker: FollowedLog(speaker) for speaker in followed[partition]}
        self._applier = Applier(units, parts, partition=partition)
        self._transport = transport
        self._handlers = find_handlers(subscriptions)
        self._partition = partition
        self._followed = followed
        self._batch = batch
        self._ticks = ticks
        self._elsewhere: dict[tuple[str, int], int] = {}

    async def prepare(self) -> None:
        """Read the cursors."""
        await self._applier.begin(list(self.logs.values()))

    def room(self, speaker: str) -> int:
        """How many more messages of this log may come now."""
        return ROOM - len(self.logs[speaker].waiting)

    def receive(self, speaker: str, message: Message) -> None:
        """Take a message in; what to do about it is decided by ``step``."""
        self.logs[speaker].add(self._open(message))

    @property
    def behind(self) -> bool:
        """Whether something that has arrived still waits to be applied."""
        return any(log.waiting for log in self.logs.values())

    @property
    def crowded(self) -> bool:
        """Whether a full batch waits already."""
        return any(len(log.waiting) >= self._batch for log in self.logs.values())

    async def step(self, speaker: str) -> bool:
        """Apply the next batch of one log; says whether anything was done."""
        log = self.logs[speaker]
        if self._ticks() < log.retry_at:
            return False
        try:
            moved = await self._advance(log)
        except LostCursor:
            _log.warning("cursor_lost", speaker=speaker, partition=self._partition)
            log.in_doubt = True
            return True
        except Exception as error:  # noqa: BLE001 (the edge: whatever is left is tried again)
            self._pause(log, error)
            return False
        log.failures = 0
        await self._acknowledge(log)
        return moved

    async def check(self, speaker: str) -> None:
        """Compare a log with its speaker; ask again when it has stood still behind the head."""
        log = self.logs[speaker]
        ends = await self._transport.ask_ends(speaker, self._partition, log.cursor)
        if ends is None:
            return
        log.lag = ends.head - log.cursor
        where = {"speaker": speaker, "partition": self._partition, "cursor": log.cursor}
        if log.lag < 0:
            _log.error("cursor_beyond_head", head=ends.head, **where)
        if ends.first > log.cursor + 1:
            if log.cursor == 0:
                _log.warning("log_begins_later", first=ends.first, **where)
                await self._applier.begin_at(log, ends.first - 1)
            else:
                _log.error("events_pruned_unheard", first=ends.first, **where)
        if log.lag > 0 and log.cursor == log.cursor_at_check and not log.waiting:
            await self._ask_again(log)
        log.cursor_at_check = log.cursor

    def _open(self, message: Message) -> Arrival:
        handler = self._handlers.get(message.name)
        if handler is None:
            return Arrival(message, None)
        try:
            heard = open_envelope(message.envelope, position=message.position)
        except (ValidationError, ValueError, LookupError, TypeError) as flaw:
            return Arrival(message, handler, flaw=flaw)
        return Arrival(message, handler, heard)

    async def _advance(self, log: FollowedLog) -> bool:
        if log.in_doubt:
            await self._applier.reload(log)
        run = log.next_run(self._batch)
        if not run:
            if log.drop_ahead():
                await self._ask_again(log)
            return False
        run = await self._cut_unseen(run)
        if run:
            await self._applier.apply_or_bury(log, run)
        return bool(run)

    async def _ask_again(self, log: FollowedLog) -> None:
        now = self._ticks()
        if now < log.asked_at + ASK_AGAIN_S:
            return
        log.asked_at = now
        where = {"speaker": log.speaker, "partition": self._partition, "start": log.cursor + 1}
        try:
            await self._transport.ask_again(log.speaker, self._partition, log.cursor + 1)
        except TransportFailed as error:
            _log.info("asking_again_failed", reason=str(error), **where)
        else:
            _log.info("asking_again", **where)

    async def _acknowledge(self, log: FollowedLog) -> None:
        receipt, now = log.settled, self._ticks()
        few = log.cursor < log.acknowledged + ACKNOWLEDGE_EVENTS
        if receipt is None or (few and now < log.acknowledged_at + ACKNOWLEDGE_S):
            return
        log.settled, log.acknowledged, log.acknowledged_at = None, log.cursor, now
        crash_point("before_ack")
        try:
            await self._transport.acknowledge(receipt)
        except TransportFailed as error:
            _log.info("acknowledging_failed", speaker=log.speaker, reason=str(error))

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
            followed = speaker in self._followed.get(partition, ())
            if followed and position > await self._cursor_of(speaker, partition, position):
                return False
        return True

    async def _cursor_of(self, speaker: str, partition: int, wanted: int) -> int:
        if partition == self._partition:
            return self.logs[speaker].cursor
        known = self._elsewhere.get((speaker, partition), 0)
        if known < wanted:
            known = await self._applier.read_cursor(speaker, partition)
            self._elsewhere[speaker, partition] = known
        return known

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
