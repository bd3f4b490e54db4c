"""The relay: gives committed events their positions and publishes them, as often as it takes.

A log is the outbox rows of one partition in the order of their positions 1, 2, 3 … without a gap.
Numbering is one statement under the lease's fence; publishing happens with no transaction open and
may happen twice. ``head`` is the last position given, ``published`` the last one known to be in the
stream; after a crash or a failure it goes on from ``published + 1``.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter

import structlog
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from melder_common.crash_points import crash_point
from melder_common.leases import Lease
from melder_common.tables import EventTables
from melder_common.transport import LogEnds, Numbered, Transport

BATCH = 500
STEPS = 20
"""How many full batches of one log go in a row before the leases are looked at again."""
SETTLED_S = 0.5
"""How long after publishing again the same request is not taken up once more."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Head:
    """How far a log is: numbered, published; ``waiting``: rows without a position."""

    partition: int
    head: int
    published: int
    waiting: bool

    @property
    def at_rest(self) -> bool:
        """Whether there is nothing to do."""
        return not self.waiting and self.published >= self.head


@dataclass(slots=True)
class _Again:
    start: int
    next: int
    done_at: float | None = None


class Relay:
    """Speaks the logs of one service. It holds no state that a crash could lose."""

    def __init__(
        self,
        engine: AsyncEngine,
        tables: EventTables,
        transport: Transport,
        *,
        batch: int = BATCH,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._tables = tables
        self._transport = transport
        self.batch = batch
        self._ticks = ticks
        self._again: dict[int, _Again] = {}
        self._sql = {key: sql.format(s=tables.schema) for key, sql in _STATEMENTS.items()}

    async def prepare(self, partitions: Iterable[int]) -> None:
        """Make sure every log has its row."""
        async with self._engine.connect() as connection:
            await connection.execute(
                insert(self._tables.log_head).on_conflict_do_nothing(),
                [{"partition": partition} for partition in sorted(partitions)],
            )

    async def heads(self, partitions: Iterable[int]) -> list[Head]:
        """How far the logs are: the one cheap look at whether there is work."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                text(self._sql["heads"]), {"partitions": list(partitions)}
            )
            return [Head(*row) for row in rows]

    async def work(self, leases: Mapping[int, Lease]) -> int:
        """Publish what the logs in ``leases`` (by partition) have, side by side.

        Says how many events the last step of the fullest one had. Raises TransportFailed when all
        have ended.
        """
        if not leases:
            return 0
        heads = [
            head
            for head in await self.heads(leases)
            if not head.at_rest or head.partition in self.owes
        ]
        steps = [self._advance_far(leases[head.partition], head) for head in heads]
        done = await asyncio.gather(*steps, return_exceptions=True)
        for outcome in done:
            if isinstance(outcome, BaseException):
                raise outcome
        return max((outcome for outcome in done if isinstance(outcome, int)), default=0)

    async def _advance_far(self, lease: Lease, head: Head) -> int:
        """On and on while batches are full, so that one log is numbered while others publish."""
        done = await self.advance(lease, head)
        for _ in range(STEPS - 1):
            if done < self.batch:
                break
            (head,) = await self.heads([head.partition])
            done = await self.advance(lease, head)
        return done

    async def advance(self, lease: Lease, head: Head) -> int:
        """One step of one log; says how many events it published. Raises TransportFailed.

        What it could not note, because the lease is lost, does not count: the next holder goes on.
        """
        again = await self._publish_again(head)
        if head.published < head.head:
            events = await self.read(head.partition, head.published + 1)
        else:
            events = await self.number(lease, head)
        if events and not await self.publish(lease, head.partition, events):
            return 0
        return max(again, len(events))

    async def number(self, lease: Lease, head: Head) -> list[Numbered]:
        """Give the next rows their positions; empty when there are none or the lease is lost."""
        arguments = {
            "partition": head.partition,
            "head": head.head,
            "batch": self.batch,
            "lease": lease.name,
            "holder": lease.holder,
            "fence": lease.fence,
        }
        async with self._engine.connect() as connection:
            rows = await connection.execute(text(self._sql["number"]), arguments)
            events = sorted((Numbered(*row) for row in rows), key=attrgetter("position"))
        crash_point("after_number")
        return events

    async def read(self, partition: int, start: int) -> list[Numbered]:
        """Numbered events from ``start`` on, at most a batch."""
        outbox = self._tables.outbox
        statement = (
            select(outbox.c.position, outbox.c.name, outbox.c.envelope)
            .where(outbox.c.partition == partition, outbox.c.position >= start)
            .order_by(outbox.c.position)
            .limit(self.batch)
        )
        async with self._engine.connect() as connection:
            return [Numbered(*row) for row in await connection.execute(statement)]

    async def publish(self, lease: Lease, partition: int, events: list[Numbered]) -> bool:
        """Put ``events`` into the stream and note it; False when the lease is lost.

        Raises TransportFailed.
        """
        await self._transport.publish(partition, events)
        crash_point("after_publish")
        arguments = {
            "partition": partition,
            "published": events[-1].position,
            "lease": lease.name,
            "holder": lease.holder,
            "fence": lease.fence,
        }
        async with self._engine.connect() as connection:
            noted = await connection.execute(text(self._sql["note"]), arguments)
        return noted.rowcount == 1

    async def compare(self, partition: int) -> None:
        """Look whether the stream has forgotten the end of a log. Raises TransportFailed."""
        last = await self._transport.last_position(partition)
        (head,) = await self.heads([partition])
        if last > head.head:
            _log.error("stream_ahead_of_outbox", partition=partition, stream=last, outbox=head.head)
            await self._transport.forget(partition)
            self.ask_again(partition, 1)
        elif last < head.published:
            _log.warning(
                "stream_has_forgotten", partition=partition, stream=last, outbox=head.published
            )
            self.ask_again(partition, 1 + (last or await self._lowest_cursor(partition)))

    def ask_again(self, partition: int, start: int) -> None:
        """Have everything from ``start`` on published again, unless that is under way."""
        known = self._again.get(partition)
        if known is not None and known.start <= start:
            fresh = known.done_at is None or self._ticks() < known.done_at + SETTLED_S
            if fresh:
                return
        self._again[partition] = _Again(start=start, next=start)

    @property
    def owes(self) -> set[int]:
        """The partitions in which something is still to be published again."""
        return {partition for partition, again in self._again.items() if again.done_at is None}

    async def ends(self, partition: int, listener: str, cursor: int) -> LogEnds:
        """The ends of a log for ``listener``, whose cursor is noted: pruning waits for it."""
        arguments = {"partition": partition, "service": listener, "position": cursor}
        async with self._engine.connect() as connection:
            row = (await connection.execute(text(self._sql["ends"]), arguments)).one()
        return LogEnds(head=row.head, first=row.first)

    async def _publish_again(self, head: Head) -> int:
        again = self._again.get(head.partition)
        if again is None or again.done_at is not None:
            return 0
        events = [
            event
            for event in await self.read(head.partition, again.next)
            if event.position <= head.published
        ]
        if events:
            await self._transport.publish(head.partition, events)
            again.next = events[-1].position + 1
        else:
            again.done_at = self._ticks()
            _log.info("published_again", partition=head.partition, start=again.start)
        return len(events)

    async def _lowest_cursor(self, partition: int) -> int:
        """How far everybody has heard for sure."""
        listener = self._tables.listener
        statement = select(listener.c.position).where(listener.c.partition == partition)
        async with self._engine.connect() as connection:
            return min((await connection.execute(statement)).scalars(), default=0)


_HOLDS = """EXISTS (
    SELECT FROM {s}.lease WHERE name = :lease AND holder = :holder AND fence = :fence
)"""

_STATEMENTS = {
    "heads": """
SELECT log_head.partition, head, published, EXISTS (
    SELECT FROM {s}.outbox WHERE outbox.partition = log_head.partition AND position IS NULL
)
FROM {s}.log_head WHERE log_head.partition = ANY(CAST(:partitions AS smallint[]))
""",
    # The head is compared, not locked first: if another relay has numbered since, this snapshot
    # of the outbox is out of date, the comparison fails on the row's newest version, and nothing
    # happens. No position can be given twice and none left out, whoever runs this.
    "number": """
WITH waiting AS (
    SELECT id, row_number() OVER (ORDER BY id) AS nth FROM (
        SELECT id FROM {s}.outbox WHERE partition = :partition AND position IS NULL
        ORDER BY id LIMIT :batch
    ) AS oldest
), moved AS (
    UPDATE {s}.log_head SET head = head + (SELECT count(*) FROM waiting)
    WHERE partition = :partition AND head = :head AND EXISTS (SELECT FROM waiting) AND """
    + _HOLDS
    + """
    RETURNING partition
)
UPDATE {s}.outbox SET position = :head + waiting.nth
FROM waiting, moved WHERE outbox.id = waiting.id
RETURNING outbox.position, outbox.name, outbox.envelope
""",
    "note": """
UPDATE {s}.log_head SET published = greatest(published, :published)
WHERE partition = :partition AND """
    + _HOLDS,
    "ends": """
WITH heard AS (
    INSERT INTO {s}.listener (service, partition, position) VALUES (:service, :partition, :position)
    ON CONFLICT (service, partition)
    DO UPDATE SET position = excluded.position, heard_at = now()
)
SELECT head, coalesce(
    (SELECT min(position) FROM {s}.outbox WHERE outbox.partition = log_head.partition), head + 1
) AS first
FROM {s}.log_head WHERE partition = :partition
""",
}
