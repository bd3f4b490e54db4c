"""The consumer: each event once and in order, whatever arrives; failures become dead letters."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, text

from melder_common import dead_letters
from melder_common.consumer import ACKNOWLEDGE_EVENTS, ACKNOWLEDGE_S, Consumer
from melder_common.dead_letters import UnknownLetter, list_letters
from melder_common.envelope import Heard, seal_envelope
from melder_common.events import CaseTextRedacted, Event, ReportSupported, ReportTrackingOpened
from melder_common.handlers import Handler
from melder_common.relay import Relay
from melder_common.testing.event_schemas import EventWorld
from melder_common.testing.lossy import LossyNet, LossyTransport
from melder_common.transport import Message
from melder_common.unit_of_work import UnitOfWork

pytestmark = pytest.mark.integration

REPORT, OTHER_REPORT = UUID(int=1), UUID(int=2)
POISON = 13
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


class Hearer:
    """Routing hearing intake's partition 1; its handler notes what it gets, and fails on poison."""

    def __init__(self, events: EventWorld, net: LossyNet) -> None:
        self.events = events
        self.net = net
        self.now = 0.0
        self.batches: list[int] = []
        self.poison = {POISON}
        self.failure: Exception | None = None
        self.units = events.units("routing")
        self.subscriptions: dict[type[Event], Handler[None]] = {ReportSupported: self.note}
        self.consumer: Consumer[None] = self.another()

    def another(self) -> Consumer[None]:
        return Consumer(
            self.units,
            LossyTransport(self.net, "routing"),
            self.subscriptions,
            None,
            partition=1,
            followed={0: ["media"], 1: ["intake"]},
            ticks=lambda: self.now,
        )

    async def note(
        self, unit: UnitOfWork, heard: Sequence[Heard[ReportSupported]], _parts: None
    ) -> None:
        self.batches.append(len(heard))
        for one in heard:
            row = {
                "name": one.event.NAME,
                "aggregate_id": one.aggregate_id,
                "value": one.event.supporters,
            }
            await unit.connection.execute(insert(self.events.schemas["routing"].effect).values(row))
            if one.event.supporters in self.poison:
                raise LookupError("the report of " + str(one.aggregate_id))
        if self.failure is not None:
            raise self.failure

    def arrive(self, *messages: Message) -> None:
        for message in messages:
            self.consumer.receive("intake", message)

    async def apply(self) -> None:
        while await self.consumer.step("intake"):
            pass

    async def effects(self) -> list[int]:
        return [
            row.value
            for row in await self.events.fetch("SELECT value FROM routing.effect ORDER BY id")
        ]

    async def cursor(self) -> int:
        (row,) = await self.events.fetch(
            "SELECT position FROM routing.cursor WHERE speaker = 'intake' AND partition = 1"
        )
        return int(row.position)


@pytest.fixture
async def hearer(events: EventWorld) -> Hearer:
    hearer = Hearer(events, LossyNet())
    await hearer.consumer.prepare()
    return hearer


def supported(
    position: int, count: int, *, report: UUID = REPORT, seen: dict[str, int] | None = None
) -> Message:
    return message(position, ReportSupported(report_id=report, supporters=count), report, seen)


def message(
    position: int, event: Event, report: UUID, seen: dict[str, int] | None = None
) -> Message:
    envelope = seal_envelope(
        event,
        event_id=uuid4(),
        aggregate_id=report,
        report_id=report,
        partition=1,
        occurred_at=NOON,
        seen=seen or {},
        trace=None,
    )
    return Message(position, event.NAME, envelope, f"intake/1/{position}")


async def test_a_batch_is_one_call_and_one_move_of_the_cursor(hearer: Hearer) -> None:
    hearer.arrive(supported(1, 1), supported(2, 2), supported(3, 3))
    await hearer.apply()

    assert hearer.batches == [3]
    assert await hearer.effects() == [1, 2, 3]
    assert await hearer.cursor() == 3


async def test_a_stream_is_acknowledged_now_and_then_and_its_last_event_in_the_end(
    hearer: Hearer,
) -> None:
    for position in (1, 2, 3):
        hearer.arrive(supported(position, position))
        await hearer.apply()
    assert hearer.net.acknowledged("routing", "intake", 1) == 1

    hearer.now += ACKNOWLEDGE_S
    assert not await hearer.consumer.step("intake")
    assert hearer.net.acknowledged("routing", "intake", 1) == 3


async def test_nothing_much_is_left_unacknowledged(hearer: Hearer) -> None:
    hearer.arrive(supported(1, 1))
    await hearer.apply()
    hearer.arrive(*(supported(position, 1) for position in range(2, ACKNOWLEDGE_EVENTS + 2)))
    await hearer.apply()
    assert hearer.net.acknowledged("routing", "intake", 1) == ACKNOWLEDGE_EVENTS + 1


async def test_what_comes_twice_or_in_disorder_is_applied_once_in_order(hearer: Hearer) -> None:
    hearer.arrive(supported(2, 2), supported(1, 1), supported(1, 1))
    await hearer.apply()
    hearer.arrive(supported(1, 1), supported(2, 2), supported(3, 3))
    await hearer.apply()

    assert await hearer.effects() == [1, 2, 3]


async def test_a_new_process_goes_on_at_the_cursor(hearer: Hearer) -> None:
    hearer.arrive(supported(1, 1), supported(2, 2))
    await hearer.apply()

    hearer.consumer = hearer.another()
    await hearer.consumer.prepare()
    hearer.arrive(supported(1, 1), supported(2, 2), supported(3, 3))
    await hearer.apply()

    assert await hearer.effects() == [1, 2, 3]


class Asked(Relay):
    """Notes what it is asked for."""

    def __init__(self) -> None:
        self.starts: list[int] = []

    def ask_again(self, partition: int, start: int) -> None:
        assert partition == 1
        self.starts.append(start)


async def test_a_gap_is_asked_for_at_most_once_a_second_and_nothing_ahead_is_applied(
    hearer: Hearer,
) -> None:
    relay = hearer.net.relays["intake"] = Asked()
    hearer.arrive(supported(1, 1), supported(3, 3))
    await hearer.apply()
    assert await hearer.effects() == [1]
    assert relay.starts == [2]

    hearer.arrive(supported(4, 4))
    await hearer.apply()
    assert relay.starts == [2]
    hearer.now += 1
    hearer.arrive(supported(5, 5))
    await hearer.apply()
    assert relay.starts == [2, 2]

    hearer.arrive(supported(2, 2), supported(3, 3))
    await hearer.apply()
    assert await hearer.effects() == [1, 2, 3]


async def test_events_nobody_wants_or_knows_only_move_the_cursor(hearer: Hearer) -> None:
    unknown = Message(2, "report.sung.v7", b"{}", "intake/1/2")
    hearer.arrive(
        message(1, ReportTrackingOpened(report_id=REPORT), REPORT), unknown, supported(3, 3)
    )
    await hearer.apply()

    assert await hearer.effects() == [3]
    assert await hearer.cursor() == 3


async def test_an_event_waits_until_its_causes_are_applied(hearer: Hearer) -> None:
    hearer.arrive(supported(1, 1), supported(2, 2, seen={"media/0": 4, "notify/1": 9}))
    await hearer.apply()
    assert await hearer.effects() == [1]

    await hearer.events.execute(
        "INSERT INTO routing.cursor (speaker, partition, position) VALUES ('media', 0, 4)"
    )
    await hearer.apply()
    assert await hearer.effects() == [1, 2]


async def test_two_consumers_of_one_log_cannot_both_apply(hearer: Hearer) -> None:
    sleeper = hearer.another()
    await sleeper.prepare()
    hearer.arrive(supported(1, 1), supported(2, 2))
    await hearer.apply()

    sleeper.receive("intake", supported(1, 1))
    await sleeper.step("intake")
    sleeper.receive("intake", supported(3, 3))
    await sleeper.step("intake")

    assert await hearer.effects() == [1, 2, 3]
    assert await hearer.cursor() == 3


async def test_a_poisonous_event_becomes_a_dead_letter_and_parks_only_its_own_aggregate(
    hearer: Hearer,
) -> None:
    hearer.arrive(
        supported(1, 1),
        supported(2, POISON),
        supported(3, 3, report=OTHER_REPORT),
        supported(4, 4),
    )
    await hearer.apply()
    hearer.arrive(supported(5, 5), supported(6, 6, report=OTHER_REPORT))
    await hearer.apply()

    assert await hearer.effects() == [1, 3, 6]
    assert await hearer.cursor() == 6
    (letter,) = await list_letters(hearer.events.engine, hearer.units.tables)
    assert (letter.position, letter.aggregate_id, letter.behind) == (2, REPORT, 2)
    assert letter.reason.startswith("LookupError")
    assert str(REPORT) not in letter.reason


async def test_replaying_applies_the_letter_and_all_behind_it_in_order(hearer: Hearer) -> None:
    hearer.arrive(supported(1, POISON), supported(2, 2), supported(3, 3, report=OTHER_REPORT))
    await hearer.apply()
    (letter,) = await list_letters(hearer.events.engine, hearer.units.tables)

    with pytest.raises(LookupError):
        await dead_letters.replay(hearer.units, hearer.subscriptions, None, letter.id)
    assert await hearer.effects() == [3]

    hearer.poison.clear()
    assert await dead_letters.replay(hearer.units, hearer.subscriptions, None, letter.id) == 2
    hearer.arrive(supported(4, 4))
    await hearer.apply()
    assert await hearer.effects() == [3, POISON, 2, 4]
    with pytest.raises(UnknownLetter):
        await dead_letters.replay(hearer.units, hearer.subscriptions, None, letter.id)


async def test_skipping_gives_one_letter_up_and_the_next_may_fail_in_its_turn(
    hearer: Hearer,
) -> None:
    hearer.poison = {1, 3}
    hearer.arrive(supported(1, 1), supported(2, 2), supported(3, 3), supported(4, 4))
    await hearer.apply()
    (letter,) = await list_letters(hearer.events.engine, hearer.units.tables)

    with pytest.raises(LookupError):
        await dead_letters.skip(hearer.units, hearer.subscriptions, None, letter.id)
    (letter,) = await list_letters(hearer.events.engine, hearer.units.tables)
    assert (letter.position, letter.behind) == (2, 2)

    hearer.poison.clear()
    assert await dead_letters.skip(hearer.units, hearer.subscriptions, None, letter.id) == 2
    assert await hearer.effects() == [3, 4]


async def test_an_unreadable_envelope_is_a_dead_letter_too(hearer: Hearer) -> None:
    broken = Message(1, ReportSupported.NAME, b'{"name": "report.supported.v1"', "intake/1/1")
    hearer.arrive(broken, supported(2, 2))
    await hearer.apply()

    assert await hearer.effects() == [2]
    (letter,) = await list_letters(hearer.events.engine, hearer.units.tables)
    assert letter.aggregate_id == dead_letters.NOBODY


async def test_what_may_pass_by_itself_is_tried_again_and_never_a_dead_letter(
    hearer: Hearer,
) -> None:
    hearer.failure = ConnectionResetError()
    hearer.arrive(supported(1, 1))
    for _ in range(20):
        await hearer.apply()
        hearer.now += 5
    assert await hearer.effects() == []
    assert await hearer.cursor() == 0

    hearer.failure = None
    await hearer.apply()
    assert await hearer.effects() == [1]
    assert await list_letters(hearer.events.engine, hearer.units.tables) == []


async def test_a_missing_table_is_not_the_events_fault(hearer: Hearer) -> None:
    """A version that runs before its migration must not bury the whole log."""

    async def write_elsewhere(unit: UnitOfWork, _heard: Any, _parts: None) -> None:
        await unit.connection.execute(text("INSERT INTO routing.table_of_tomorrow VALUES (1)"))

    hearer.subscriptions[ReportSupported] = write_elsewhere
    hearer.consumer = hearer.another()
    await hearer.consumer.prepare()
    hearer.arrive(supported(1, 1))
    await hearer.apply()

    assert await hearer.cursor() == 0
    assert await list_letters(hearer.events.engine, hearer.units.tables) == []


async def test_after_a_failure_there_is_a_pause(hearer: Hearer) -> None:
    hearer.failure = ConnectionResetError()
    hearer.arrive(supported(1, 1))
    for _ in range(5):
        await hearer.consumer.step("intake")
    assert hearer.batches == [1]


async def test_a_log_that_stands_still_behind_its_head_is_asked_for(
    events: EventWorld, hearer: Hearer
) -> None:
    relay = Relay(
        events.engine, events.schemas["intake"].tables, LossyTransport(hearer.net, "intake")
    )
    hearer.net.relays["intake"] = relay
    await relay.prepare([1])
    await events.execute("UPDATE intake.log_head SET head = 4")
    await events.execute(
        "INSERT INTO intake.outbox (partition, position, name, envelope) VALUES (1, 1, 'x', '')"
    )

    await hearer.consumer.check("intake")
    assert hearer.consumer.logs["intake"].lag == 4
    assert relay.owes == {1}


async def test_a_log_whose_beginning_is_pruned_begins_later_for_a_new_hearer(
    events: EventWorld, hearer: Hearer
) -> None:
    relay = Relay(
        events.engine, events.schemas["intake"].tables, LossyTransport(hearer.net, "intake")
    )
    hearer.net.relays["intake"] = relay
    await relay.prepare([1])
    await events.execute("UPDATE intake.log_head SET head = 10")

    await hearer.consumer.check("intake")
    hearer.arrive(supported(11, 11))
    await hearer.apply()

    assert await hearer.effects() == [11]


async def test_what_a_handler_says_has_seen_what_it_heard_and_keeps_its_trace(
    hearer: Hearer,
) -> None:
    async def answer(unit: UnitOfWork, heard: Sequence[Heard[Any]], _parts: None) -> None:
        said = CaseTextRedacted(case_id=REPORT, report_id=REPORT, text=None)
        unit.record(said, aggregate_id=REPORT, report_id=heard[0].report_id)

    hearer.subscriptions[ReportSupported] = answer
    hearer.consumer = hearer.another()
    await hearer.consumer.prepare()
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    heard = supported(1, 1)
    envelope = heard.envelope.replace(b'"trace":null', f'"trace":"{trace}"'.encode())
    hearer.arrive(Message(1, heard.name, envelope, heard.receipt))
    await hearer.apply()

    (row,) = await hearer.events.fetch(
        "SELECT convert_from(envelope, 'UTF8')::json AS e FROM routing.outbox"
    )
    assert row.e["seen"] == {"intake/1": 1}
    assert row.e["trace"] == trace
    assert row.e["data"]["text"] is None
