"""Two services that answer each other, their processes, and what must be true of them in the end.

The state machine of ``test_event_flow_machine`` drives them: intake tells of supporters, routing
answers each with a text.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from sqlalchemy import MetaData, insert, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from melder_common import crash_points
from melder_common.consumer import Consumer
from melder_common.envelope import Heard
from melder_common.events import CaseTextRedacted, Event, ReportSupported
from melder_common.handlers import Handler, find_logs
from melder_common.leases import Lease, Leases, log_lease
from melder_common.relay import Head, Relay
from melder_common.testing import event_schemas
from melder_common.testing.event_schemas import EventSchema
from melder_common.testing.lossy import LossyNet, LossyTransport
from melder_common.transport import Numbered, TransportFailed
from melder_common.unit_of_work import UnitOfWork, UnitsOfWork

PARTITIONS = 2
SERVICES = ("intake", "routing")
REPORTS = [UUID(int=number) for number in range(1, 5)]
OTHER = {"intake": "routing", "routing": "intake"}
services = st.sampled_from(SERVICES)
slots = st.integers(0, 1)


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


class TwoServices(RuleBasedStateMachine):
    """Two services with two processes each; the machine's other steps are its subclass's."""

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
    def kill(self, service: str, slot: int) -> None:
        self.processes[service, slot] = self.start(service)

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
