"""Whatever happens to relay, consumer, leases and transport: effects equal those of a clean run.

A state machine over the real SQL on PostgreSQL and a transport that fails when told to. Two
services talk: intake tells of supporters, routing answers each with a text. Every step may crash at
a named point; processes lose their leases without noticing and come back from the dead; messages are
lost, doubled and delivered again; streams are deleted and set back. At the end everything is healed,
and what was applied must be what was written, once, in order.
"""

import asyncio
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from sqlalchemy import MetaData, insert, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from melder_common import crash_points
from melder_common.consumer import Consumer
from melder_common.envelope import Heard
from melder_common.events import CaseTextRedacted, Event, ReportSupported
from melder_common.handlers import Handler, find_logs
from melder_common.leases import Lease, Leases, log_lease
from melder_common.partitions import partition_of
from melder_common.relay import Head, Relay
from melder_common.testing import event_schemas
from melder_common.testing.event_schemas import EventSchema
from melder_common.testing.lossy import LossyNet, LossyTransport
from melder_common.transport import Numbered, TransportFailed
from melder_common.unit_of_work import UnitOfWork, UnitsOfWork

pytestmark = pytest.mark.integration

PARTITIONS = 2
SERVICES = ("intake", "routing")
REPORTS = [UUID(int=number) for number in range(1, 5)]
SLOW_REPORT = UUID(int=9)
OTHER = {"intake": "routing", "routing": "intake"}
POINTS = (
    "before_commit", "after_commit", "after_number", "after_publish",
    "before_apply", "after_apply", "before_ack",
)  # fmt: skip

services = st.sampled_from(SERVICES)
slots = st.integers(0, 1)
logs = st.integers(1, PARTITIONS)
crashes = st.none() | st.sampled_from(POINTS)


class Crash(BaseException):
    """The process is gone at this very moment."""


async def answer_support(
    unit: UnitOfWork, heard: Sequence[Heard[ReportSupported]], effect: Any
) -> None:
    for one in heard:
        await _note(unit, effect, one, one.event.supporters)
        said = CaseTextRedacted(
            case_id=one.aggregate_id, report_id=one.aggregate_id, text=str(one.event.supporters)
        )
        unit.record(said, aggregate_id=one.aggregate_id, report_id=one.aggregate_id)


async def show_text(
    unit: UnitOfWork, heard: Sequence[Heard[CaseTextRedacted]], effect: Any
) -> None:
    for one in heard:
        await _note(unit, effect, one, int(one.event.text or 0))


async def _note(unit: UnitOfWork, effect: Any, one: Heard[Any], value: int) -> None:
    row = {"name": one.event.NAME, "aggregate_id": one.aggregate_id, "value": value}
    await unit.connection.execute(insert(effect).values(row))


SUBSCRIPTIONS: dict[str, dict[type[Event], Handler[Any]]] = {
    "routing": {ReportSupported: answer_support},
    "intake": {CaseTextRedacted: show_text},
}


@dataclass
class World:
    """What all examples share: the database, and the loop that everything runs in."""

    runner: asyncio.Runner
    engine: AsyncEngine
    metadata: MetaData
    schemas: dict[str, EventSchema]


@dataclass
class Process:
    """One process of a service, as long as it lives."""

    leases: Leases
    relay: Relay
    consumers: dict[int, tuple[int, Consumer[Any]]] = field(default_factory=dict)
    looked: list[tuple[Lease, Head]] = field(default_factory=list)
    numbered: list[tuple[Lease, int, list[Numbered]]] = field(default_factory=list)


class EventFlow(RuleBasedStateMachine):
    """Two services with two processes each."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.run = world.runner.run
        self.net = LossyNet()
        self.now = 0.0
        self.born = 0
        self.written: dict[UUID, int] = defaultdict(int)
        self.slow: AsyncExitStack | None = None
        self.run(event_schemas.empty(world.engine, world.metadata))
        self.units = {
            name: UnitsOfWork(
                world.engine, tables=world.schemas[name].tables, speaker=name, partitions=PARTITIONS
            )
            for name in SERVICES
        }
        self.processes = {
            (service, slot): self.start(service) for service in SERVICES for slot in (0, 1)
        }
        for service in SERVICES:
            self.renew_leases(service, 0)

    def start(self, service: str) -> Process:
        self.born += 1
        tables = self.world.schemas[service].tables
        names = [log_lease(partition) for partition in range(1, PARTITIONS + 1)]
        leases = Leases(
            self.world.engine, tables, holder=f"p{self.born}", groups=[names], ttl_s=3600
        )
        relay = Relay(
            self.world.engine,
            tables,
            LossyTransport(self.net, service),
            batch=3,
            ticks=lambda: self.now,
        )
        self.run(leases.prepare())
        self.run(relay.prepare(range(1, PARTITIONS + 1)))
        return Process(leases, relay)

    # what the services do

    @rule(reports=st.lists(st.sampled_from(REPORTS), min_size=1, max_size=4))
    def write(self, reports: list[UUID]) -> None:
        for report in reports:
            self.write_and_crash(report, None)

    @rule(report=st.sampled_from(REPORTS), point=st.sampled_from(["before_commit", "after_commit"]))
    def write_and_crash(self, report: UUID, point: str | None) -> None:
        async def work() -> None:
            async with self.units["intake"].begin() as unit:
                self._support(unit, report)

        if self.crashing(point, work()) or point == "after_commit":
            self.written[report] += 1

    @precondition(lambda self: self.slow is None)
    @rule()
    def begin_long_write(self) -> None:
        async def work() -> AsyncExitStack:
            stack = AsyncExitStack()
            unit = await stack.enter_async_context(self.units["intake"].begin())
            self._support(unit, SLOW_REPORT)
            await unit.write_events()
            return stack

        self.slow = self.run(work())

    @precondition(lambda self: self.slow is not None)
    @rule()
    def end_long_write(self) -> None:
        assert self.slow is not None
        stack, self.slow = self.slow, None
        self.run(stack.aclose())
        self.written[SLOW_REPORT] += 1

    @rule(service=services, slot=slots)
    def renew_leases(self, service: str, slot: int) -> None:
        process = self.processes[service, slot]
        held = self.run(process.leases.renew())
        for partition in range(1, PARTITIONS + 1):
            lease = held.get(log_lease(partition))
            known = process.consumers.get(partition)
            if lease is None:
                process.consumers.pop(partition, None)
            elif known is None or known[0] != lease.fence:
                process.consumers[partition] = (lease.fence, self._consumer(service, partition))
        self.net.relays[service] = process.relay

    @rule(service=services, slot=slots, partition=logs, crash=crashes)
    def speak(self, service: str, slot: int, partition: int, crash: str | None) -> None:
        process = self.processes[service, slot]
        lease = process.leases.held.get(log_lease(partition))
        if lease is not None:
            self.in_process(service, slot, crash, self._advance(process, lease, partition))

    @rule(service=services, slot=slots, partition=logs)
    def look_and_fall_asleep(self, service: str, slot: int, partition: int) -> None:
        process = self.processes[service, slot]
        lease = process.leases.held.get(log_lease(partition))
        if lease is not None:
            (head,) = self.run(process.relay.heads([partition]))
            process.looked.append((lease, head))

    @rule(service=services, slot=slots, sleep_again=st.booleans())
    def wake_up_and_number(self, service: str, slot: int, *, sleep_again: bool) -> None:
        process = self.processes[service, slot]
        if not process.looked:
            return
        lease, head = process.looked.pop(0)
        events = self.run(process.relay.number(lease, head))
        if events:
            process.numbered.append((lease, head.partition, events))
        if events and not sleep_again:
            self.wake_up_and_publish(service, slot, None)

    @rule(slot=slots, reports=st.lists(st.sampled_from(REPORTS), min_size=2, max_size=6))
    def sleep_while_others_number(self, slot: int, reports: list[UUID]) -> None:
        """A relay looks, sleeps while positions are given, and goes on with what it saw."""
        self.write(reports)
        for partition in range(1, PARTITIONS + 1):
            self.look_and_fall_asleep("intake", slot, partition)
            self.speak("intake", slot, partition, None)
        self.write(reports)
        for _ in self.processes["intake", slot].looked[:]:
            self.wake_up_and_number("intake", slot, sleep_again=False)

    @rule(service=services, slot=slots, crash=crashes)
    def wake_up_and_publish(self, service: str, slot: int, crash: str | None) -> None:
        process = self.processes[service, slot]
        if process.numbered:
            lease, partition, events = process.numbered.pop(0)
            self.in_process(service, slot, crash, process.relay.publish(lease, partition, events))

    @rule(service=services, slot=slots, partition=logs)
    def compare(self, service: str, slot: int, partition: int) -> None:
        process = self.processes[service, slot]
        if log_lease(partition) in process.leases.held:
            self.in_process(service, slot, None, process.relay.compare(partition))

    @rule(service=services, slot=slots, partition=logs, most=st.integers(1, 5))
    def deliver(self, service: str, slot: int, partition: int, most: int) -> None:
        known = self.processes[service, slot].consumers.get(partition)
        if known is not None and not self.net.cut:
            for message in self.net.pull(service, OTHER[service], partition, most):
                known[1].receive(OTHER[service], message)

    @rule(service=services, slot=slots, partition=logs, crash=crashes)
    def hear(self, service: str, slot: int, partition: int, crash: str | None) -> None:
        known = self.processes[service, slot].consumers.get(partition)
        if known is not None:
            self.in_process(service, slot, crash, known[1].step(OTHER[service]))

    @rule(service=services, slot=slots, partition=logs, crash=crashes)
    def deliver_and_hear(self, service: str, slot: int, partition: int, crash: str | None) -> None:
        self.deliver(service, slot, partition, 3)
        self.hear(service, slot, partition, crash)

    @rule(service=services, partition=logs, first=slots)
    def two_consumers_hear_the_same(self, service: str, partition: int, first: int) -> None:
        """Both processes mean to hold the lease, and both get what there is."""
        self.take_over(service, first)
        self.take_over(service, 1 - first)
        for slot in (0, 1):
            self.speak(OTHER[service], slot, partition, None)
        for slot in (0, 1):
            self.net.redeliver(service, OTHER[service], partition)
            self.deliver(service, slot, partition, 1000)
        for slot in (first, 1 - first):
            self.hear(service, slot, partition, None)

    @rule(service=services, slot=slots, partition=logs)
    def check(self, service: str, slot: int, partition: int) -> None:
        known = self.processes[service, slot].consumers.get(partition)
        if known is not None:
            self.in_process(service, slot, None, known[1].check(OTHER[service]))

    @rule(service=services, partition=logs, crash=crashes)
    def do_the_usual(self, service: str, partition: int, crash: str | None) -> None:
        for slot in (0, 1):
            self.speak(service, slot, partition, crash)
            self.deliver_and_hear(OTHER[service], slot, partition, crash)

    # what befalls them

    @rule(service=services, slot=slots)
    def lease_runs_out_unnoticed(self, service: str, slot: int) -> None:
        """The leases of one process run out, and those of all that were killed before."""
        awake = self.processes[service, 1 - slot].leases.holder
        self.run(
            self._execute(
                f"UPDATE {service}.lease SET until = now() - interval '1 s' WHERE holder <> '{awake}'"
            )
        )

    @rule(service=services, slot=slots)
    def take_over(self, service: str, slot: int) -> None:
        """The other process sleeps through its leases, this one gets them; both mean to hold."""
        self.lease_runs_out_unnoticed(service, 1 - slot)
        self.renew_leases(service, slot)

    @rule(service=services, slot=slots)
    def kill(self, service: str, slot: int) -> None:
        self.processes[service, slot] = self.start(service)

    @rule(service=services)
    def start_anew(self, service: str) -> None:
        """All processes of a service are gone, and one comes back after a while."""
        for slot in (0, 1):
            self.kill(service, slot)
            self.lease_runs_out_unnoticed(service, slot)
        self.renew_leases(service, 0)

    @rule(seconds=st.sampled_from([0.3, 2.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.net.cut = False

    @rule(service=services, partition=logs, index=st.integers(0, 50))
    def lose_message(self, service: str, partition: int, index: int) -> None:
        self.net.lose(service, partition, index)

    @rule(service=services, partition=logs, index=st.integers(0, 50))
    def double_message(self, service: str, partition: int, index: int) -> None:
        self.net.double(service, partition, index)

    @rule(service=services, partition=logs)
    def deliver_again(self, service: str, partition: int) -> None:
        self.net.redeliver(service, OTHER[service], partition)

    @rule(service=services)
    def delete_stream(self, service: str) -> None:
        self.net.delete_stream(service)

    @rule(service=services, share=st.sampled_from([0.0, 0.5, 0.9]))
    def set_stream_back(self, service: str, share: float) -> None:
        self.net.set_back(service, share)

    @rule()
    def cut_the_net(self) -> None:
        self.net.cut = True

    # in the end

    def teardown(self) -> None:
        if self.slow is not None:
            self.end_long_write()
        self._heal()
        self._assert_logs_are_whole()
        self._assert_effects_are_those_of_a_clean_run()

    def _heal(self) -> None:
        self.net.cut = False
        for service in SERVICES:
            for slot in (0, 1):
                self.lease_runs_out_unnoticed(service, slot)
            self.processes[service, 0] = self.start(service)
            self.renew_leases(service, 0)
        for turn in range(400):
            self.now += 2
            for service in SERVICES:
                for partition in range(1, PARTITIONS + 1):
                    self.turn(service, partition, thorough=turn % 3 == 0)
            if turn % 3 == 0 and self._at_rest():
                return
        pytest.fail("the services do not come to rest")

    def turn(self, service: str, partition: int, *, thorough: bool) -> None:
        if thorough:
            self.compare(service, 0, partition)
            self.check(service, 0, partition)
        process = self.processes[service, 0]
        self.run(self._speak_all(process, process.leases.held[log_lease(partition)], partition))
        self.deliver(service, 0, partition, 1000)
        self.hear(service, 0, partition, None)

    def _at_rest(self) -> bool:
        async def look() -> bool:
            for service in SERVICES:
                heads = await self.processes[service, 0].relay.heads(range(1, PARTITIONS + 1))
                if not all(head.at_rest for head in heads):
                    return False
                for head in heads:
                    _, consumer = self.processes[OTHER[service], 0].consumers[head.partition]
                    if consumer.logs[service].cursor != head.head:
                        return False
            return True

        return self.run(look())

    def _assert_logs_are_whole(self) -> None:
        for service in SERVICES:
            rows = self.run(
                self._fetch(
                    f"SELECT partition, position FROM {service}.outbox ORDER BY partition, position"
                )
            )
            by_log: dict[int, list[int]] = defaultdict(list)
            for partition, position in rows:
                by_log[partition].append(position)
            for positions in by_log.values():
                assert positions == list(range(1, len(positions) + 1))

    def _assert_effects_are_those_of_a_clean_run(self) -> None:
        clean = {
            report: list(range(1, count + 1)) for report, count in self.written.items() if count
        }
        for service in ("routing", "intake"):
            rows = self.run(
                self._fetch(f"SELECT aggregate_id, value FROM {service}.effect ORDER BY id")
            )
            effects: dict[UUID, list[int]] = defaultdict(list)
            for aggregate, value in rows:
                effects[aggregate].append(value)
            assert dict(effects) == clean, service

    # how it is done

    def crashing(self, point: str | None, work: Any) -> bool:
        """Run ``work`` with a crash at ``point``; says whether it survived."""
        crash_points._remaining = {} if point is None else {point: 1}
        try:
            self.run(work)
        except Crash:
            return False
        except TransportFailed:
            return True
        finally:
            crash_points._remaining = {}
        return True

    def in_process(self, service: str, slot: int, crash: str | None, work: Any) -> None:
        """Do ``work`` in one process; when it crashes, another one starts in its place."""
        if not self.crashing(crash, work):
            self.kill(service, slot)
            self.lease_runs_out_unnoticed(service, slot)
            self.renew_leases(service, slot)

    def _support(self, unit: UnitOfWork, report: UUID) -> None:
        said = ReportSupported(report_id=report, supporters=self.written[report] + 1)
        unit.record(said, aggregate_id=report, report_id=report)

    def _consumer(self, service: str, partition: int) -> Consumer[Any]:
        consumer: Consumer[Any] = Consumer(
            self.units[service],
            LossyTransport(self.net, service),
            SUBSCRIPTIONS[service],
            self.world.schemas[service].effect,
            partition=partition,
            followed=find_logs(SUBSCRIPTIONS[service], service, PARTITIONS),
            batch=3,
            ticks=lambda: self.now,
        )
        self.run(consumer.prepare())
        return consumer

    async def _advance(self, process: Process, lease: Lease, partition: int) -> int:
        (head,) = await process.relay.heads([partition])
        return await process.relay.advance(lease, head)

    async def _speak_all(self, process: Process, lease: Lease, partition: int) -> None:
        while await self._advance(process, lease, partition):
            pass

    async def _execute(self, statement: str) -> None:
        async with self.world.engine.begin() as connection:
            await connection.execute(text(statement))

    async def _fetch(self, statement: str) -> Sequence[Any]:
        async with self.world.engine.connect() as connection:
            return (await connection.execute(text(statement))).all()


@pytest.fixture
def world(event_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    def die(name: str) -> None:
        raise Crash(name)

    monkeypatch.setattr(crash_points, "_die", die)
    monkeypatch.setattr(crash_points, "_remaining", {})
    with asyncio.Runner() as runner:
        engine = create_async_engine(event_database)
        metadata, schemas = event_schemas.declare(SERVICES)
        yield World(runner, engine, metadata, schemas)
        runner.run(engine.dispose())


@pytest.mark.timeout(600)
def test_effects_equal_the_clean_run_whatever_happens(world: World) -> None:
    run_state_machine_as_test(
        partial(EventFlow, world),  # type: ignore[arg-type]  # it takes what it can call
        settings=settings(
            # The same schedules for everybody in CI; new ones at every run elsewhere.
            derandomize="CI" in os.environ,
            max_examples=25,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_partitions_of_the_reports_differ() -> None:
    assert len({partition_of(report, PARTITIONS) for report in REPORTS}) == PARTITIONS
