"""Whatever happens to relay, consumer, leases and transport: effects equal those of a clean run.

A state machine over the real SQL on PostgreSQL and a transport that fails when told to. Two
services talk: intake tells of supporters, routing answers each with a text. Every step may crash at
a named point; processes lose their leases without noticing and come back from the dead; messages are
lost, doubled and delivered again; streams are deleted and set back. At the end everything is healed,
and what was applied must be what was written, once, in order.
"""

import os
from contextlib import AsyncExitStack
from functools import partial
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from melder_common.events import ReportSupported
from melder_common.leases import log_lease
from melder_common.partitions import partition_of
from melder_common.unit_of_work import UnitOfWork

from .two_services import (
    OTHER,
    PARTITIONS,
    REPORTS,
    SERVICES,
    TwoServices,
    World,
    services,
    slots,
    world,
)

__all__ = ["world"]

pytestmark = pytest.mark.integration

SLOW_REPORT = UUID(int=9)
POINTS = (
    "before_commit", "after_commit", "after_number", "after_publish",
    "before_apply", "after_apply", "before_ack",
)  # fmt: skip

logs = st.integers(1, PARTITIONS)
crashes = st.none() | st.sampled_from(POINTS)


class EventFlow(TwoServices):
    """Everything that may happen to them."""

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
    def take_over(self, service: str, slot: int) -> None:
        """The other process sleeps through its leases, this one gets them; both mean to hold."""
        self.lease_runs_out_unnoticed(service, 1 - slot)
        self.renew_leases(service, slot)

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

    # how it is done

    def _support(self, unit: UnitOfWork, report: UUID) -> None:
        said = ReportSupported(report_id=report, supporters=self.written[report] + 1)
        unit.record(said, aggregate_id=report, report_id=report)


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
