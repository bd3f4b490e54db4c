"""A way between relay and consumer that fails in every way a real one can, when told to."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from melder_common.relay import Relay
from melder_common.transport import LogEnds, Message, Numbered, StreamMissing, TransportFailed

LogName = tuple[str, int]
"""Speaker and partition."""


@dataclass(slots=True)
class _Durable:
    delivered: int = 0
    acknowledged: int = 0


@dataclass(slots=True)
class LossyNet:
    """Streams in memory. ``cut``: nobody reaches anybody; ``relays``: who answers for a speaker."""

    logs: dict[LogName, list[Numbered]] = field(default_factory=dict)
    relays: dict[str, Relay] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    cut: bool = False
    _durables: dict[tuple[str, str, int], _Durable] = field(default_factory=dict)

    def pull(self, service: str, speaker: str, partition: int, most: int) -> list[Message]:
        """What ``service`` gets next of a log."""
        stored = self.logs.get((speaker, partition), [])
        durable = self._durable(service, speaker, partition)
        first = min(durable.delivered, len(stored))
        given = stored[first : first + most]
        durable.delivered = first + len(given)
        return [
            Message(event.position, event.name, event.envelope, f"{speaker}/{partition}/{index}")
            for index, event in enumerate(given, start=first + 1)
        ]

    def redeliver(self, service: str, speaker: str, partition: int) -> None:
        """Let what is not acknowledged come again."""
        durable = self._durable(service, speaker, partition)
        durable.delivered = durable.acknowledged

    def acknowledged(self, service: str, speaker: str, partition: int) -> int:
        """How far a durable has come."""
        return self._durable(service, speaker, partition).acknowledged

    def lose(self, speaker: str, partition: int, index: int) -> None:
        """Lose one stored message."""
        stored = self.logs.get((speaker, partition))
        if stored:
            del stored[index % len(stored)]

    def double(self, speaker: str, partition: int, index: int) -> None:
        """Store a message again, at the end."""
        stored = self.logs.get((speaker, partition))
        if stored:
            stored.append(stored[index % len(stored)])

    def set_back(self, speaker: str, share: float) -> None:
        """Put an old copy of a speaker's stream in place: the newest messages are gone."""
        for (name, partition), stored in self.logs.items():
            if name == speaker:
                del stored[int(len(stored) * share) :]
                for key, durable in self._durables.items():
                    if key[1:] == (speaker, partition):
                        durable.delivered = min(durable.delivered, len(stored))
                        durable.acknowledged = min(durable.acknowledged, len(stored))

    def delete_stream(self, speaker: str) -> None:
        """Remove a speaker's stream, with everybody's durables."""
        self.missing.add(speaker)
        self.logs = {log: stored for log, stored in self.logs.items() if log[0] != speaker}
        self._durables = {key: one for key, one in self._durables.items() if key[1] != speaker}

    def acknowledge(self, service: str, receipt: str) -> None:
        """Note how far a durable has come."""
        speaker, partition, index = receipt.split("/")
        durable = self._durable(service, speaker, int(partition))
        durable.acknowledged = max(durable.acknowledged, int(index))

    def _durable(self, service: str, speaker: str, partition: int) -> _Durable:
        return self._durables.setdefault((service, speaker, partition), _Durable())


class LossyTransport:
    """One service's way over a ``LossyNet``."""

    def __init__(self, net: LossyNet, service: str) -> None:
        self._net = net
        self._service = service

    @property
    def connected(self) -> bool:
        """Whether the net is whole."""
        return not self._net.cut

    async def publish(self, partition: int, events: Sequence[Numbered]) -> None:
        """Store ``events``."""
        self._reach()
        if self._service in self._net.missing:
            raise StreamMissing(self._service)
        self._net.logs.setdefault((self._service, partition), []).extend(events)

    async def last_position(self, partition: int) -> int:
        """The position of what was stored last."""
        self._reach()
        self._net.missing.discard(self._service)
        stored = self._net.logs.get((self._service, partition))
        return stored[-1].position if stored else 0

    async def forget(self, partition: int) -> None:
        """Remove an own log."""
        self._reach()
        self._net.logs.pop((self._service, partition), None)

    async def ask_again(self, speaker: str, partition: int, start: int) -> None:
        """Ask the relay that is known to the net."""
        self._reach()
        if speaker in self._net.relays:
            self._net.relays[speaker].ask_again(partition, start)

    async def ask_ends(self, speaker: str, partition: int, cursor: int) -> LogEnds | None:
        """Ask the relay that is known to the net."""
        if self._net.cut or speaker not in self._net.relays:
            return None
        return await self._net.relays[speaker].ends(partition, self._service, cursor)

    async def acknowledge(self, receipt: str) -> None:
        """Acknowledge, if that arrives."""
        self._reach()
        self._net.acknowledge(self._service, receipt)

    def _reach(self) -> None:
        if self._net.cut:
            raise TransportFailed("the net is cut")
