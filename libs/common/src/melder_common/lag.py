"""How far events have come: one exact number per consumer, for metrics and ``melder doctor``."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class EventState:
    """What one service's schema knows: its own logs, and its cursors in those of others.

    ``heads`` by partition, rows not yet numbered counted in; ``cursors`` by (speaker, partition).
    """

    service: str
    heads: Mapping[int, int]
    published: Mapping[int, int]
    cursors: Mapping[tuple[str, int], int]
    dead_letters: int
    parked: int
    timers_overdue: int

    @property
    def unpublished(self) -> int:
        """Committed events that are not in the stream."""
        return sum(head - self.published[partition] for partition, head in self.heads.items())


@dataclass(frozen=True, slots=True)
class Lag:
    """How many events of a log one service has yet to apply; negative: the speaker was set back."""

    service: str
    speaker: str
    partition: int
    events: int


async def read_event_state(connection: AsyncConnection, schema: str) -> EventState:
    """Read the state of the service with this ``schema``."""
    heads = (await connection.execute(text(_HEADS.format(s=schema)))).all()
    cursors = await connection.execute(
        text(f"SELECT speaker, partition, position FROM {schema}.cursor")
    )
    counts = (await connection.execute(text(_COUNTS.format(s=schema)))).one()
    return EventState(
        service=schema,
        heads={row.partition: row.head + row.waiting for row in heads},
        published={row.partition: row.published for row in heads},
        cursors={(row.speaker, row.partition): row.position for row in cursors},
        dead_letters=counts.dead_letters,
        parked=counts.parked,
        timers_overdue=counts.overdue,
    )


def find_lags(states: Iterable[EventState]) -> list[Lag]:
    """Compare every cursor with the head of its log; for whoever may read all schemas."""
    by_service = {state.service: state for state in states}
    return [
        Lag(state.service, speaker, partition, by_service[speaker].heads[partition] - position)
        for state in by_service.values()
        for (speaker, partition), position in sorted(state.cursors.items())
        if speaker in by_service and partition in by_service[speaker].heads
    ]


_HEADS = """
SELECT partition, head, published, (
    SELECT count(*) FROM {s}.outbox
    WHERE outbox.partition = log_head.partition AND position IS NULL
) AS waiting
FROM {s}.log_head ORDER BY partition
"""

_COUNTS = """
SELECT (SELECT count(*) FROM {s}.dead_letter WHERE parked = 0) AS dead_letters,
       (SELECT count(*) FROM {s}.dead_letter WHERE parked = 1) AS parked,
       (SELECT count(*) FROM {s}.due WHERE at < now() - interval '1 minute') AS overdue
"""
