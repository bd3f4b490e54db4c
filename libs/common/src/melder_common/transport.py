"""What relay and consumer ask of the way between them; it may lose, double and forget.

``streams.NatsTransport`` is the real one; the tests have one that fails in every way on purpose.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class TransportFailed(Exception):
    """Nothing is known about what was sent; it will be sent again."""


class StreamMissing(TransportFailed):
    """The speaker's stream does not exist (any more)."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """An event of the outbox with its position."""

    position: int
    name: str
    envelope: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """An event as it arrived. ``receipt`` is what the transport needs to acknowledge it."""

    position: int
    name: str
    envelope: bytes
    receipt: str


@dataclass(frozen=True, slots=True)
class LogEnds:
    """A log as its speaker knows it: the last position given, and the first still kept."""

    head: int
    first: int


class Transport(Protocol):
    """One service's way to the logs of all."""

    @property
    def connected(self) -> bool:
        """Whether it is worth trying."""

    async def publish(self, partition: int, events: Sequence[Numbered]) -> None:
        """Put ``events`` into the own stream, all or none. Raises TransportFailed."""

    async def last_position(self, partition: int) -> int:
        """The position of the last message of an own log in the stream, 0 when there is none.

        Makes the stream when it is missing. Raises TransportFailed.
        """

    async def forget(self, partition: int) -> None:
        """Remove the messages of an own log from the stream. Raises TransportFailed."""

    async def ask_again(self, speaker: str, partition: int, start: int) -> None:
        """Ask the relay of another log to publish again from position ``start``; no answer."""

    async def ask_ends(self, speaker: str, partition: int, cursor: int) -> LogEnds | None:
        """Ask the relay of another log for its ends, telling the own cursor; None: no answer."""

    async def acknowledge(self, receipt: str) -> None:
        """Say that this message and all before it need not come again; may get lost."""
