"""One log as a consumer follows it: what has arrived, how far it is applied."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from melder_common.dead_letters import aggregate_of
from melder_common.envelope import Heard
from melder_common.handlers import Handler
from melder_common.transport import Message


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message with what is to be done about it; ``handler`` is None when nobody wants it.

    ``heard`` is None as well when the envelope could not be read: ``flaw`` says why.
    """

    message: Message
    handler: Handler[Any] | None
    heard: Heard[Any] | None = None
    flaw: Exception | None = None

    @property
    def position(self) -> int:
        """The position in its log."""
        return self.message.position

    @property
    def aggregate_id(self) -> UUID:
        """What the event is about."""
        return self.heard.aggregate_id if self.heard else aggregate_of(self.message.envelope)

    def read(self) -> Heard[Any]:
        """The event. Raises what went wrong when it was read."""
        if self.heard is None:
            raise self.flaw or ValueError(self.message.name)
        return self.heard


@dataclass(slots=True)
class FollowedLog:
    """Position ``cursor`` is applied; ``waiting`` lies beyond it, in whatever order it came.

    ``settled``: receipt of the last message that is dealt with and not yet acknowledged.
    ``in_doubt``: a failure left it open whether the database has moved the cursor. ``lag`` is as
    of the last check. ``acknowledged``: up to which position, and when. Times are in the consumer's
    ticks (seconds).
    """

    speaker: str
    cursor: int = 0
    waiting: dict[int, Arrival] = field(default_factory=dict)
    settled: str | None = None
    in_doubt: bool = False
    has_letters: bool = False
    asked_at: float = float("-inf")
    failures: int = 0
    retry_at: float = float("-inf")
    cursor_at_check: int = 0
    lag: int = 0
    acknowledged: int = 0
    acknowledged_at: float = float("-inf")

    def add(self, arrival: Arrival) -> None:
        """Take in what has arrived; what is applied already needs only its acknowledgement."""
        if arrival.position > self.cursor:
            self.waiting[arrival.position] = arrival
        elif not self.waiting:
            self.settled = arrival.message.receipt

    def next_run(self, limit: int) -> list[Arrival]:
        """What follows the cursor without a gap."""
        run: list[Arrival] = []
        while len(run) < limit:
            arrival = self.waiting.get(self.cursor + 1 + len(run))
            if arrival is None:
                break
            run.append(arrival)
        return run

    def move_to(self, position: int, receipt: str | None = None) -> None:
        """Note that everything up to ``position`` is applied."""
        self.lag = max(0, self.lag - (position - self.cursor))
        self.cursor = position
        self.settled = receipt
        for applied in [waiting for waiting in self.waiting if waiting <= position]:
            del self.waiting[applied]

    def drop_ahead(self) -> bool:
        """Forget what waits beyond a gap: it will come again. Says whether there was any."""
        if not self.waiting:
            return False
        self.settled = next(reversed(self.waiting.values())).message.receipt
        self.waiting.clear()
        return True
