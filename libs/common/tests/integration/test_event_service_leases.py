"""Several processes of a service: leases share the work out, and lost ones harm nothing."""

import asyncio
from typing import Any

import pytest

from melder_common.pull import EXPIRES_S
from melder_common.runtime import Runtime
from melder_common.streams import NatsTransport
from melder_common.testing.nats import NatsServer
from melder_common.testing.processes import Process
from melder_common.testing.waiting import until
from melder_common.transport import LogEnds

from .dialogue import Dialogue, start

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]


async def test_two_processes_share_the_partitions_and_one_takes_over(
    dialogue: Dialogue, server: tuple[NatsServer, Process]
) -> None:
    start(server[1])
    await dialogue.start()
    twin = await dialogue.running.enter_async_context(dialogue.routing.running(None))
    await dialogue.tell(10)
    await dialogue.all_answered()
    await until(lambda: bool(twin.consumers))
    assert not set(twin.consumers) & set(dialogue.runtimes["routing"].consumers)

    await dialogue.runtimes["routing"].stop()
    await dialogue.tell(10)
    await dialogue.all_answered()


class LostCancellations:
    """As nats-py on Python 3.11: a cancellation is lost when the answer has just come."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, count: int) -> None:
        self.asked = 0
        self.lost = 0
        self._count = count
        self._over = asyncio.Event()
        self._really_ask = NatsTransport.ask_ends

        async def ask(transport: NatsTransport, *log: Any) -> LogEnds | None:
            return await self._ask(transport, *log)

        monkeypatch.setattr(NatsTransport, "ask_ends", ask)

    async def _ask(self, transport: NatsTransport, *log: Any) -> LogEnds | None:
        self.asked += 1
        try:
            await self._over.wait()
        except asyncio.CancelledError:
            if self.lost == self._count:
                raise
            self.lost += 1
            if self.lost == self._count:
                self._over.set()
            return None
        return await self._really_ask(transport, *log)


async def test_a_lease_lost_in_the_moment_of_an_answer_does_not_stop_the_process(
    dialogue: Dialogue, server: tuple[NatsServer, Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service paused for longer than its leases last asks, and gets answers, at that moment."""
    cancellations = LostCancellations(monkeypatch, count=2)
    start(server[1])
    await dialogue.start()
    await until(lambda: cancellations.asked >= 2)
    await dialogue.expire_leases()
    await until(lambda: cancellations.lost == 2)
    await until(lambda: all(runtime._leases.held for runtime in dialogue.runtimes.values()))
    await dialogue.tell(10)
    await dialogue.all_answered()


async def test_whoever_has_lost_a_lease_takes_no_more_messages(
    dialogue: Dialogue, server: tuple[NatsServer, Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages taken and thrown away would reach the next holder late, one after the other."""
    cancellations = LostCancellations(monkeypatch, count=2)
    start(server[1])
    await dialogue.start()

    async def all_ask() -> bool:
        return await dialogue.open_requests() == 4

    async def nobody_asks() -> bool:
        await dialogue.give_leases_away()
        return await dialogue.open_requests() == 0

    await until(lambda: cancellations.asked >= 4)
    await until(all_ask)
    await until(nobody_asks, seconds=EXPIRES_S / 2)  # by itself a request ends after EXPIRES_S
    assert cancellations.lost == 2


async def test_a_process_that_no_longer_looks_after_its_leases_is_not_alive(
    dialogue: Dialogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Runtime, "_assign", hang)
    await dialogue.start()
    stuck = dialogue.runtimes["routing"]
    assert stuck.alive()
    monkeypatch.setattr("melder_common.runtime.STUCK_S", 0.3)
    await until(lambda: not stuck.alive())
