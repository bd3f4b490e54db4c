"""The relay: positions without gaps, publishing again, and no harm by somebody who lost his lease."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from melder_common.events import ReportSupported
from melder_common.leases import Lease, log_lease
from melder_common.relay import Relay
from melder_common.testing.event_schemas import EventWorld
from melder_common.testing.lossy import LossyNet, LossyTransport
from melder_common.transport import StreamMissing, TransportFailed

pytestmark = pytest.mark.integration


class Station:
    """A relay of intake with its lease on partition 1."""

    def __init__(self, events: EventWorld, net: LossyNet, lease: Lease, ticks: list[float]) -> None:
        self.net = net
        self.lease = lease
        self.ticks = ticks
        transport = LossyTransport(net, "intake")
        self.relay = Relay(
            events.engine,
            events.schemas["intake"].tables,
            transport,
            batch=3,
            ticks=lambda: ticks[0],
        )

    async def step(self) -> int:
        (head,) = await self.relay.heads([1])
        return await self.relay.advance(self.lease, head)

    async def run_dry(self) -> None:
        while await self.step():
            pass

    @property
    def stream(self) -> list[int]:
        return [event.position for event in self.net.logs.get(("intake", 1), [])]


@pytest.fixture
async def station(events: EventWorld) -> Station:
    leases = events.leases("intake", "first", [log_lease(1)])
    await leases.prepare()
    lease = (await leases.renew())[log_lease(1)]
    station = Station(events, LossyNet(), lease, [0.0])
    await station.relay.prepare([1])
    return station


async def support(events: EventWorld, counts: Sequence[int], report: UUID | None = None) -> None:
    for count in counts:
        async with events.units("intake").begin() as unit:
            said = ReportSupported(report_id=report or uuid4(), supporters=count)
            unit.record(said, aggregate_id=said.report_id, report_id=said.report_id)


async def positions(events: EventWorld) -> list[int | None]:
    return [
        row.position for row in await events.fetch("SELECT position FROM intake.outbox ORDER BY id")
    ]


async def test_events_are_numbered_in_the_order_written_and_published_in_batches(
    events: EventWorld, station: Station
) -> None:
    await support(events, range(1, 8))

    await station.run_dry()

    assert await positions(events) == [1, 2, 3, 4, 5, 6, 7]
    assert station.stream == [1, 2, 3, 4, 5, 6, 7]
    (head,) = await station.relay.heads([1])
    assert head.at_rest
    assert head.published == 7


async def test_long_and_short_writers_at_once_leave_no_gap_and_keep_each_reports_order(
    events: EventWorld, station: Station
) -> None:
    """Polling "id > last" loses events here; numbering what is committed does not."""
    chance = random.Random(7)
    reports = [uuid4() for _ in range(6)]
    locks = {report: asyncio.Lock() for report in reports}
    counts = dict.fromkeys(reports, 0)
    writing = True

    async def write(report: UUID) -> None:
        for _ in range(25):
            async with locks[report], events.units("intake").begin() as unit:
                counts[report] += 1
                said = ReportSupported(report_id=report, supporters=counts[report])
                unit.record(said, aggregate_id=report, report_id=report)
                if chance.random() < 0.3:
                    await unit.write_events()
                    await asyncio.sleep(chance.random() / 50)

    async def relay() -> None:
        while writing or await station.step():
            await station.step()

    relaying = asyncio.create_task(relay())
    await asyncio.gather(*(write(report) for report in reports for _ in range(2)))
    writing = False
    await relaying

    assert sorted(position or 0 for position in await positions(events)) == list(range(1, 301))
    assert station.stream == list(range(1, 301))
    told: dict[str, list[int]] = defaultdict(list)
    for row in await events.fetch(
        "SELECT convert_from(envelope, 'UTF8')::json AS e FROM intake.outbox ORDER BY position"
    ):
        told[row.e["aggregate_id"]].append(row.e["data"]["supporters"])
    assert all(values == list(range(1, 51)) for values in told.values())
    assert len(told) == 6


async def test_two_relays_that_both_believe_to_hold_the_lease_give_each_position_once(
    events: EventWorld, station: Station
) -> None:
    await support(events, range(1, 31))
    twin = Station(events, station.net, station.lease, [0.0])

    await asyncio.gather(station.run_dry(), twin.run_dry())
    await station.run_dry()

    assert await positions(events) == list(range(1, 31))
    assert set(station.stream) == set(range(1, 31))


async def test_a_relay_that_lost_its_lease_numbers_and_notes_nothing(
    events: EventWorld, station: Station
) -> None:
    await support(events, [1, 2])
    (head,) = await station.relay.heads([1])
    await events.execute("UPDATE intake.lease SET until = now() - interval '1 s'")
    taker = events.leases("intake", "second", [log_lease(1)])
    assert log_lease(1) in await taker.renew()

    assert await station.relay.number(station.lease, head) == []
    assert await positions(events) == [None, None]

    fresh = Station(events, station.net, taker.held[log_lease(1)], [0.0])
    (head,) = await fresh.relay.heads([1])
    numbered = await fresh.relay.number(fresh.lease, head)
    await station.relay.publish(station.lease, 1, numbered)
    (head,) = await fresh.relay.heads([1])
    assert (head.head, head.published) == (2, 0)


async def test_what_was_numbered_and_not_published_is_published_by_the_next(
    events: EventWorld, station: Station
) -> None:
    await support(events, [1, 2, 3, 4])
    (head,) = await station.relay.heads([1])
    await station.relay.number(station.lease, head)

    await Station(events, station.net, station.lease, [0.0]).run_dry()

    assert station.stream == [1, 2, 3, 4]


async def test_full_batches_of_a_log_go_in_a_row(events: EventWorld, station: Station) -> None:
    await support(events, range(1, 11))

    assert await station.relay.work({1: station.lease}) == 1

    assert station.stream == list(range(1, 11))


async def test_the_leases_are_looked_at_again_after_so_many_batches(
    events: EventWorld, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("melder_common.relay.STEPS", 2)
    await support(events, range(1, 11))

    assert await station.relay.work({1: station.lease}) == 3
    assert station.stream == [1, 2, 3, 4, 5, 6]

    station.relay.ask_again(1, 2)
    assert await station.relay.work({1: station.lease}) == 3
    assert sorted(station.stream[6:]) == [2, 3, 4, 5, 6, 7, 7, 8, 9, 10]


async def test_who_has_lost_the_lease_stops_after_one_batch(
    events: EventWorld, station: Station
) -> None:
    """What it says once more does no harm; the holder's note of the published is left alone."""
    await support(events, range(1, 11))
    (head,) = await station.relay.heads([1])
    await station.relay.number(station.lease, head)
    await events.execute("UPDATE intake.lease SET until = now() - interval '1 s'")
    assert await events.leases("intake", "second", [log_lease(1)]).renew()

    assert await station.relay.work({1: station.lease}) == 0

    assert station.stream == [1, 2, 3]
    (head,) = await station.relay.heads([1])
    assert (head.head, head.published) == (3, 0)


async def test_a_failed_publish_is_repeated_and_reported(
    events: EventWorld, station: Station
) -> None:
    await support(events, [1, 2])
    station.net.cut = True
    with pytest.raises(TransportFailed):
        await station.step()

    station.net.cut = False
    await station.run_dry()

    assert station.stream == [1, 2]


async def test_asked_again_it_publishes_from_there_to_the_end(
    events: EventWorld, station: Station
) -> None:
    await support(events, range(1, 8))
    await station.run_dry()

    station.relay.ask_again(1, 3)
    await station.run_dry()

    assert station.stream[7:] == [3, 4, 5, 6, 7]


async def test_many_asking_at_once_are_served_once(events: EventWorld, station: Station) -> None:
    await support(events, range(1, 5))
    await station.run_dry()

    for start in (3, 2, 4, 2):
        station.relay.ask_again(1, start)
    await station.run_dry()
    station.relay.ask_again(1, 2)
    await station.run_dry()
    assert station.stream[4:] == [2, 3, 4]

    station.ticks[0] += 1
    station.relay.ask_again(1, 4)
    await station.run_dry()
    assert station.stream[7:] == [4]


async def test_a_stream_that_has_forgotten_its_end_gets_it_again(
    events: EventWorld, station: Station
) -> None:
    await support(events, range(1, 7))
    await station.run_dry()
    station.net.set_back("intake", 0.5)

    await station.relay.compare(1)
    await station.run_dry()

    assert station.stream == [1, 2, 3, 4, 5, 6]


async def test_a_deleted_stream_is_made_anew_and_filled_from_the_lowest_cursor(
    events: EventWorld, station: Station
) -> None:
    await support(events, range(1, 7))
    await station.run_dry()
    await station.relay.ends(1, "routing", 5)
    await station.relay.ends(1, "notify", 2)
    station.net.delete_stream("intake")
    await support(events, [7])
    with pytest.raises(StreamMissing):
        await station.step()

    await station.relay.compare(1)
    await station.run_dry()

    assert set(station.stream) == {3, 4, 5, 6, 7}
    assert [position for position in station.stream if position < 7] == [3, 4, 5, 6]


async def test_a_stream_that_knows_more_than_the_outbox_is_emptied(
    events: EventWorld, station: Station
) -> None:
    """After a restore the stream holds events that never were; they must not be heard."""
    await support(events, range(1, 5))
    await station.run_dry()
    await events.execute("DELETE FROM intake.outbox WHERE position > 2")
    await events.execute("UPDATE intake.log_head SET head = 2, published = 2")

    await station.relay.compare(1)
    await station.run_dry()

    assert station.stream == [1, 2]


async def test_the_ends_of_a_log_tell_head_and_first_kept(
    events: EventWorld, station: Station
) -> None:
    await support(events, range(1, 5))
    await station.run_dry()
    ends = await station.relay.ends(1, "routing", 0)
    assert (ends.head, ends.first) == (4, 1)

    async with events.engine.begin() as connection:
        await connection.execute(text("DELETE FROM intake.outbox WHERE position <= 2"))
    ends = await station.relay.ends(1, "routing", 3)
    assert (ends.head, ends.first) == (4, 3)
    rows = await events.fetch("SELECT service, position FROM intake.listener")
    assert [tuple(row) for row in rows] == [("routing", 3)]
