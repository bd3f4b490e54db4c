"""A thousand schedules a second: the real consumer over a lossy net, with memory for a database.

What decides about loss, doubles, order and causes is the consumer (``melder_common.consumer``) with
its followed logs; here it runs as in production, only that effects and cursor are committed to
memory. Messages come three times, in any order, not at all and again; batches crash before and
after their commit; a stream is deleted or set back; one event in a hundred is poison. The state at
the end must be that of the clean run. The same mechanics over PostgreSQL, with relay and leases:
``libs/common/tests/integration/test_event_flow_machine.py``.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from melder_common.applying import LostCursor
from melder_common.consumer import Consumer
from melder_common.envelope import seal_envelope
from melder_common.events import CaseTextRedacted, Event, ReportSupported
from melder_common.followed_log import Arrival, FollowedLog
from melder_common.testing.lossy import LossyNet, LossyTransport
from melder_common.transport import LogEnds, Message, Numbered, TransportFailed

PARTITION = 1
NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
REPORTS = [UUID(int=number) for number in range(1, 4)]


class Crash(BaseException):
    """The process is gone; what was not committed is lost."""


class Poison(Exception):
    """An event that no handler can take."""


@dataclass
class Database:
    """What one service has committed: its cursor per log, its effects, its own log, its letters."""

    cursors: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    effects: list[tuple[UUID, int]] = field(default_factory=list)
    outbox: list[Numbered] = field(default_factory=list)
    letters: list[tuple[str, int]] = field(default_factory=list)


class SpeakerLog:
    """The relay's side of one log: answers ``again`` and ``ends`` from the outbox."""

    def __init__(self, net: LossyNet, service: str, database: Database) -> None:
        self._transport = LossyTransport(net, service)
        self._database = database
        self._published = 0
        self._again: int | None = None

    def ask_again(self, _partition: int, start: int) -> None:
        """Publish everything from ``start`` on once more, at the next turn."""
        self._again = start if self._again is None else min(start, self._again)

    async def ends(self, _partition: int, _listener: str, _cursor: int) -> LogEnds:
        """All of it is kept here."""
        return LogEnds(head=len(self._database.outbox), first=1)

    async def publish(self, limit: int = 3) -> None:
        """Publish what is new, and what was asked for."""
        start = self._published if self._again is None else self._again - 1
        events = self._database.outbox[start : start + limit]
        if not events:
            self._again = None
            return
        try:
            await self._transport.publish(PARTITION, events)
        except TransportFailed:
            return
        reached = start + len(events)
        if self._again is None or reached >= self._published:
            self._published, self._again = max(self._published, reached), None
        else:
            self._again = reached + 1

    async def compare(self) -> None:
        """Notice that the stream has forgotten, as the relay does after every connection."""
        last = await self._transport.last_position(PARTITION)
        if last < self._published:
            self.ask_again(PARTITION, last + 1)


class MemoryApplier:
    """What ``applying.Applier`` does, with ``Database`` for PostgreSQL: effects and cursor at once."""

    def __init__(self, database: Database, handle: Callable[..., None], chance: Random) -> None:
        self._database = database
        self._handle = handle
        self._chance = chance
        self.crash_rate = 0.0

    async def begin(self, logs: Sequence[FollowedLog]) -> None:
        """Read the cursors."""
        for log in logs:
            await self.reload(log)

    async def reload(self, log: FollowedLog) -> None:
        """Believe the database."""
        log.move_to(self._database.cursors[log.speaker])
        log.in_doubt = False

    async def read_cursor(self, speaker: str, _partition: int) -> int:
        """How far this service is."""
        return self._database.cursors[speaker]

    async def apply_or_bury(self, log: FollowedLog, run: list[Arrival]) -> None:
        """One commit for the run; with poison in it event by event, the poison set aside."""
        try:
            self._commit(log, run)
        except Poison:
            if len(run) > 1:
                for arrival in run:
                    await self.apply_or_bury(log, [arrival])
            else:
                self._database.letters.append((log.speaker, run[0].position))
                self._move(log, run)
        self._maybe_crash()

    def _commit(self, log: FollowedLog, run: list[Arrival]) -> None:
        if self._database.cursors[log.speaker] != log.cursor:
            raise LostCursor(log.speaker)
        effects: list[tuple[UUID, int]] = []
        spoken: list[Event] = []
        for arrival in run:
            self._handle(arrival.read(), effects, spoken)
        self._maybe_crash()
        self._database.effects += effects
        for event in spoken:
            append(self._database, event, log.speaker, run[-1].position)
        self._move(log, run)

    def _move(self, log: FollowedLog, run: list[Arrival]) -> None:
        last = run[-1].message
        self._database.cursors[log.speaker] = last.position
        log.move_to(last.position, last.receipt)

    def _maybe_crash(self) -> None:
        if self._chance.random() < self.crash_rate:
            raise Crash


def append(database: Database, event: Event, heard: str = "", seen: int = 0) -> None:
    """Write an event to an own log, with what its writer had seen."""
    position = len(database.outbox) + 1
    report = event.report_id  # type: ignore[attr-defined]  # both events of the simulation have it
    envelope = seal_envelope(
        event,
        event_id=UUID(int=position),
        aggregate_id=report,
        report_id=report,
        partition=PARTITION,
        occurred_at=NOON,
        seen={f"{heard}/{PARTITION}": seen} if seen else {},
        trace=None,
    )
    database.outbox.append(Numbered(position, event.NAME, envelope))


def answer_support(heard: Any, effects: list[tuple[UUID, int]], spoken: list[Event]) -> None:
    """routing: note the supporter, and say something about it."""
    if heard.event.supporters % 100 == 0:
        raise Poison
    effects.append((heard.aggregate_id, heard.event.supporters))
    text = str(heard.event.supporters)
    spoken.append(
        CaseTextRedacted(case_id=heard.aggregate_id, report_id=heard.aggregate_id, text=text)
    )


def show_text(heard: Any, effects: list[tuple[UUID, int]], _spoken: list[Event]) -> None:
    """notify: hears routing, and intake too; it must not hear of the text before its cause."""
    value = heard.event.supporters if hasattr(heard.event, "supporters") else -int(heard.event.text)
    effects.append((heard.aggregate_id, value))


async def _handler(*_: object) -> None:
    """Never called: the applier of the simulation calls the functions above."""


HEARS: dict[str, tuple[dict[type[Event], Any], tuple[str, ...], Callable[..., None]]] = {
    "routing": ({ReportSupported: _handler}, ("intake",), answer_support),
    "notify": (
        {ReportSupported: _handler, CaseTextRedacted: _handler},
        ("intake", "routing"),
        show_text,
    ),
}


class World:
    """intake speaks; routing hears it and speaks; notify hears both."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.now = 0.0
        self.net = LossyNet()
        self.databases = {name: Database() for name in ("intake", "routing", "notify")}
        self.speakers = {
            name: SpeakerLog(self.net, name, self.databases[name]) for name in ("intake", "routing")
        }
        self.net.relays = dict(self.speakers)  # type: ignore[arg-type]  # they answer as relays do
        self.appliers: dict[str, MemoryApplier] = {}
        self.consumers: dict[str, Consumer[None]] = {}

    async def start(self, service: str) -> None:
        """A new process of ``service``: it knows what is committed, and nothing else."""
        subscriptions, heard, handle = HEARS[service]
        consumer: Consumer[None] = Consumer(
            SimpleNamespace(),  # type: ignore[arg-type]  # units of work: the applier is exchanged
            LossyTransport(self.net, service),
            subscriptions,
            None,
            partition=PARTITION,
            followed={PARTITION: heard},
            batch=4,
            ticks=lambda: self.now,
        )
        applier = MemoryApplier(self.databases[service], handle, self.chance)
        consumer._applier = applier  # type: ignore[assignment]  # memory in place of PostgreSQL
        await consumer.prepare()
        self.appliers[service], self.consumers[service] = applier, consumer

    async def turn(self, service: str, messages: Sequence[tuple[str, Message]]) -> None:
        """Messages arrive and are applied, as far as they can be; a crash starts a new process."""
        consumer = self.consumers[service]
        for speaker, message in messages:
            consumer.receive(speaker, message)
        try:
            busy = True
            while busy:
                busy = False
                for speaker in consumer.logs:
                    busy = await consumer.step(speaker) or busy
        except Crash:
            await self.start(service)

    def arriving(self, service: str, *, wildly: bool) -> list[tuple[str, Message]]:
        """What the net brings: in order, or tripled, shuffled, and with a third of it lost."""
        messages = [
            (speaker, message)
            for speaker in self.consumers[service].logs
            for message in self.net.pull(service, speaker, PARTITION, 8)
        ]
        if not wildly:
            return messages
        kept = [one for one in messages if self.chance.random() > 1 / 3]
        tripled = [one for one in kept for _ in range(self.chance.randint(1, 3))]
        self.chance.shuffle(tripled)
        return tripled


async def run_schedule(seed: int, *, events: int = 12, sabotage: str = "") -> list[str]:
    """One schedule against its clean run; what differs, one line each.

    ``sabotage`` plants a fault that must be found: ``"skip"`` moves a cursor on without applying,
    ``"again"`` applies something twice.
    """
    chance = Random(seed)
    said = _supports(chance, events)
    clean = await _play(Random(seed), said, wild=False)
    stormy = await _play(Random(seed), said, wild=True, sabotage=sabotage)
    return list(_differences(clean, stormy))


def _supports(chance: Random, events: int) -> list[ReportSupported]:
    """Supporters counted up; one in a hundred or so is poison (a multiple of 100)."""
    counts = dict.fromkeys(REPORTS, chance.choice([0, 0, 0, 96]))
    said = []
    for _ in range(events):
        report = chance.choice(REPORTS)
        counts[report] += 1
        said.append(ReportSupported(report_id=report, supporters=counts[report]))
    return said


async def _play(
    chance: Random, said: Sequence[ReportSupported], *, wild: bool, sabotage: str = ""
) -> World:
    world = World(chance)
    for service in world.databases.keys() - {"intake"}:
        await world.start(service)
    for event in said:
        append(world.databases["intake"], event)
        if wild:
            await _rage(world)
        else:
            await _calm(world)
    if sabotage:
        _sabotage(world, sabotage)
    await _heal(world)
    return world


async def _rage(world: World) -> None:
    """Some of what can go wrong, in any order."""
    chance, net = world.chance, world.net
    for _ in range(chance.randint(1, 4)):
        world.now += chance.choice([0.0, 0.4, 1.5])
        speaker, service = chance.choice(["intake", "routing"]), chance.choice(list(HEARS))
        world.appliers[service].crash_rate = chance.choice([0.0, 0.2])
        match chance.randrange(10):
            case 0:
                net.lose(speaker, PARTITION, chance.randrange(50))
            case 1:
                net.double(speaker, PARTITION, chance.randrange(50))
            case 2:
                net.set_back(speaker, chance.random())
            case 3:
                net.delete_stream(speaker)
            case 4:
                net.redeliver(service, speaker, PARTITION)
            case 5:
                net.cut = not net.cut
            case 6:
                await world.start(service)
            case _:
                if not net.cut:
                    await world.speakers[speaker].publish()
                    await world.turn(service, world.arriving(service, wildly=True))


async def _calm(world: World) -> None:
    for speaker in world.speakers.values():
        await speaker.publish(limit=50)
    for service in HEARS:
        await world.turn(service, world.arriving(service, wildly=False))


async def _heal(world: World) -> None:
    """Everything works again; the mechanics must find back by themselves."""
    world.net.cut = False
    for applier in world.appliers.values():
        applier.crash_rate = 0.0
    for _ in range(60):
        world.now += 2.0
        for speaker in world.speakers.values():
            await speaker.compare()
        await _calm(world)
        for consumer in world.consumers.values():
            for log in consumer.logs:
                await consumer.check(log)
        if _at_rest(world):
            return


def _at_rest(world: World) -> bool:
    return all(
        world.databases[service].cursors[speaker] == len(world.databases[speaker].outbox)
        for service, (_, heard, _) in HEARS.items()
        for speaker in heard
    )


def _sabotage(world: World, kind: str) -> None:
    routing = world.databases["routing"]
    if kind == "skip":
        routing.cursors["intake"] += 1
    elif routing.effects:
        routing.effects.append(routing.effects[-1])


def _differences(clean: World, stormy: World) -> list[str]:
    found = []
    for service in HEARS:
        wanted, got = clean.databases[service], stormy.databases[service]
        if wanted.cursors != got.cursors:
            found.append(f"{service}: cursors {dict(got.cursors)}, not {dict(wanted.cursors)}")
        if sorted(wanted.letters) != sorted(got.letters):
            found.append(f"{service}: letters {got.letters}, not {wanted.letters}")
        for report in REPORTS:
            ours = [value for about, value in wanted.effects if about == report]
            theirs = [value for about, value in got.effects if about == report]
            if _in_causal_order(ours) != _in_causal_order(theirs):
                found.append(f"{service}: {report} {theirs}, not {ours}")
            if any(-value not in theirs[:place] for place, value in enumerate(theirs) if value < 0):
                found.append(f"{service}: {report} heard an answer before its cause: {theirs}")
    return found


def _in_causal_order(values: Sequence[int]) -> tuple[list[int], list[int]]:
    """Each log's own order counts; how two logs interleave is free, within causality."""
    return [one for one in values if one > 0], [one for one in values if one < 0]
