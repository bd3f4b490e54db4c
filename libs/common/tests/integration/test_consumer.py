"""The consumer: each event once and in order, whatever arrives."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import text

from melder_common.consumer import ACKNOWLEDGE_EVENTS, ACKNOWLEDGE_S
from melder_common.dead_letters import list_letters
from melder_common.envelope import Heard
from melder_common.events import CaseTextRedacted, ReportSupported, ReportTrackingOpened
from melder_common.relay import Relay
from melder_common.testing.event_schemas import EventWorld
from melder_common.testing.lossy import LossyTransport
from melder_common.transport import Message
from melder_common.unit_of_work import UnitOfWork

from .hearer import REPORT, Hearer, message, supported

pytestmark = pytest.mark.integration


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
