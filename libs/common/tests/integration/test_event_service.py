"""The whole runtime over a real nats-server: it comes back from every loss by itself."""

import asyncio
import signal
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from nats.aio.client import Client
from prometheus_client import CollectorRegistry
from pydantic import AnyHttpUrl
from sqlalchemy import text

from melder_common.envelope import Heard
from melder_common.event_metrics import EventMetrics
from melder_common.events import CaseTextRedacted, ReportSupported
from melder_common.pull import EXPIRES_S
from melder_common.runtime import Pace, Runtime
from melder_common.service import Service, SnapshotSource, View
from melder_common.settings import ServiceSettings
from melder_common.streams import NatsTransport
from melder_common.testing.event_schemas import EventWorld
from melder_common.testing.nats import NatsServer
from melder_common.testing.ports import free_ports
from melder_common.testing.processes import Process
from melder_common.testing.waiting import until
from melder_common.transport import LogEnds
from melder_common.unit_of_work import UnitOfWork

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

HURRIED = Pace(lease_s=3, poll_s=0.1, compare_s=1.0, check_s=1.0, soon_s=0.3, timers_s=0.1)
REPORTS = [uuid.uuid4() for _ in range(5)]


class Dialogue:
    """Intake tells of supporters; routing answers each with a text; intake collects the answers."""

    def __init__(self, events: EventWorld, server: NatsServer) -> None:
        self.events = events
        self.server = server
        self.told = 0
        self.running = AsyncExitStack()
        self.runtimes: dict[str, Runtime[None]] = {}
        self.intake = self.build_intake(HURRIED)
        self.routing = self._service(
            "routing",
            {ReportSupported: self.answer},
            HURRIED,
            snapshots=[SnapshotSource("case", self.tell_anew)],
        )

    async def expire_leases(self) -> None:
        """As after a pause: every lease has run out, and will be another one when it is taken."""
        async with self.events.engine.begin() as connection:
            for service in ("intake", "routing"):
                expire = f"UPDATE {service}.lease SET until = now() - interval '1 s'"
                await connection.execute(text(expire))

    async def give_leases_away(self) -> None:
        """As after a pause in which other processes have taken everything over."""
        async with self.events.engine.begin() as connection:
            for service in ("intake", "routing"):
                given = "SET holder = 'another', until = now() + interval '1 h', fence = fence + 1"
                await connection.execute(text(f"UPDATE {service}.lease {given}"))

    def build_intake(self, pace: Pace) -> Service[None]:
        views = [View("texts", self.clear, [("routing", "case")])]
        return self._service("intake", {CaseTextRedacted: self.collect}, pace, views=views)

    async def answer(
        self, unit: UnitOfWork, heard: Sequence[Heard[ReportSupported]], _parts: None
    ) -> None:
        for one in heard:
            said = CaseTextRedacted(
                case_id=one.aggregate_id, report_id=one.aggregate_id, text=str(one.event.supporters)
            )
            unit.record(said, aggregate_id=one.aggregate_id, report_id=one.aggregate_id)
        await self._keep(unit, "heard", [one.event.supporters for one in heard])

    async def collect(
        self, unit: UnitOfWork, heard: Sequence[Heard[CaseTextRedacted]], _parts: None
    ) -> None:
        await self._keep(unit, "answered", [int(one.event.text or 0) for one in heard])

    async def clear(self, unit: UnitOfWork) -> None:
        await unit.connection.execute(text("DELETE FROM effect WHERE what = 'answered'"))

    async def tell_anew(self, unit: UnitOfWork, after: str | None, limit: int) -> str | None:
        """As if the texts 1 … 250 were routing's rows."""
        first = int(after or 0) + 1
        last = min(first + limit - 1, 250)
        for number in range(first, last + 1):
            report = REPORTS[number % len(REPORTS)]
            said = CaseTextRedacted(case_id=report, report_id=report, text=str(number))
            unit.record(said, aggregate_id=report, report_id=report)
        return str(last) if last >= first else None

    async def kept(self, what: str) -> list[int]:
        """The effects that were committed, in the order of their numbers: "heard", "answered"."""
        kept = "SELECT number FROM effect WHERE what = :what ORDER BY number"
        return [number for (number,) in await self.events.fetch(kept, what=what)]

    async def start(self) -> None:
        for service in (self.intake, self.routing):
            self.runtimes[service.name] = await self.running.enter_async_context(
                service.running(None)
            )

    async def tell(self, count: int) -> None:
        for _ in range(count):
            self.told += 1
            report = REPORTS[self.told % len(REPORTS)]
            async with self.intake.units.begin() as unit:
                said = ReportSupported(report_id=report, supporters=self.told)
                unit.record(said, aggregate_id=report, report_id=report)

    async def has_answered(self, count: int) -> bool:
        return len(await self.kept("answered")) >= count

    async def all_answered(self) -> None:
        """Wait until every word has its answer; then see that none has two."""
        await until(partial(self.has_answered, self.told))
        assert await self.kept("answered") == list(range(1, self.told + 1))
        assert await self.kept("heard") == list(range(1, self.told + 1))

    async def api(self, name: str, body: Any = None) -> Any:
        """Do something to the streams behind everybody's back."""
        client = Client()
        await client.connect(self.server.url)
        answer = await client.request(
            f"$JS.API.{name}", orjson.dumps(body) if body else b"", timeout=5
        )
        await client.close()
        return orjson.loads(answer.data)

    async def open_requests(self) -> int:
        """How many ask for messages now, over both partitions of both logs."""
        durables = ("INTAKE.routing-1", "INTAKE.routing-2", "ROUTING.intake-1", "ROUTING.intake-2")
        told = [await self.api(f"CONSUMER.INFO.{durable}") for durable in durables]
        return sum(one.get("num_waiting", 0) for one in told)

    async def _keep(self, unit: UnitOfWork, what: str, numbers: Sequence[int]) -> None:
        """Note effects where they are committed together with the cursor, or not at all."""
        rows = [{"what": what, "number": number} for number in numbers]
        await unit.connection.execute(text("INSERT INTO effect VALUES (:what, :number)"), rows)

    def _service(self, name: str, subscriptions: Any, pace: Pace, **work: Any) -> Service[None]:
        settings = ServiceSettings(
            database_url=self.events.engine.url.render_as_string(),
            nats_url=self.server.url,
            public_url=AnyHttpUrl("http://127.0.0.1:8000"),
            port=0,
            partitions=2,
            internal_token_file=Path("unused"),
        )
        tables = self.events.schemas[name].tables
        return Service.build(
            settings,
            name=name,
            tables=tables,
            subscriptions=subscriptions,
            timers={},
            pace=pace,
            **work,
        )


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[tuple[NatsServer, Process]]:
    nats = NatsServer(tmp_path / "nats", free_ports(1)[0])
    nats.prepare()
    process = Process(nats.launch(), tmp_path / "nats.log")
    yield nats, process
    process.kill()


@pytest.fixture
async def dialogue(
    events: EventWorld, server: tuple[NatsServer, Process]
) -> AsyncIterator[Dialogue]:
    await events.execute("DROP TABLE IF EXISTS effect")
    await events.execute("CREATE TABLE effect (what text, number integer)")
    dialogue = Dialogue(events, server[0])
    yield dialogue
    await dialogue.running.aclose()


def start(process: Process) -> None:
    process.start()
    process.wait_ready(20)


async def test_without_nats_everything_is_accepted_and_delivered_when_it_comes(
    dialogue: Dialogue, server: tuple[NatsServer, Process]
) -> None:
    await dialogue.start()
    await dialogue.tell(20)
    assert await dialogue.kept("heard") == []

    start(server[1])
    await dialogue.all_answered()
    assert all(runtime.alive() for runtime in dialogue.runtimes.values())


async def test_killing_nats_again_and_again_loses_and_doubles_nothing(
    dialogue: Dialogue, server: tuple[NatsServer, Process]
) -> None:
    start(server[1])
    await dialogue.start()
    telling = asyncio.create_task(dialogue.tell(300))
    for round_ in (1, 2, 3):
        await until(partial(dialogue.has_answered, 20 * round_))
        server[1]._process.send_signal(signal.SIGKILL)  # type: ignore[union-attr]  # it was started above
        server[1]._process.wait()  # type: ignore[union-attr]  # as above
        start(server[1])
    await telling
    await dialogue.all_answered()


async def test_a_connection_that_is_lost_while_it_is_closed_does_not_spoil_the_stop(
    dialogue: Dialogue, server: tuple[NatsServer, Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    start(server[1])
    await dialogue.start()
    runtime = dialogue.runtimes["routing"]
    client = runtime.transport.client
    await until(lambda: client.is_connected)

    async def keep_waiting(*_: object, **__: object) -> None: ...

    async def lost() -> None:
        raise ConnectionResetError("Connection lost")

    monkeypatch.setattr(client, "_flush_pending", keep_waiting)
    monkeypatch.setattr(client._transport, "drain", lost)
    await client.publish("last.words", b"never sent")
    await runtime.stop()
    client._transport.close()  # here the connection is not really lost
    await client._transport.wait_closed()


async def test_a_deleted_stream_is_made_anew_and_what_was_in_it_arrives(
    dialogue: Dialogue, server: tuple[NatsServer, Process]
) -> None:
    start(server[1])
    await dialogue.start()
    await dialogue.tell(10)
    await dialogue.all_answered()
    for stream in ("INTAKE", "ROUTING"):
        assert (await dialogue.api(f"STREAM.DELETE.{stream}"))["success"]

    await dialogue.tell(10)
    await dialogue.all_answered()


async def test_messages_that_vanish_without_a_successor_are_missed_and_fetched(
    dialogue: Dialogue, server: tuple[NatsServer, Process]
) -> None:
    """Nothing comes after them, so no gap shows; only the speaker's head tells."""
    start(server[1])
    dialogue.intake = dialogue.build_intake(replace(HURRIED, compare_s=1000))
    await dialogue.running.enter_async_context(dialogue.intake.running(None))
    await dialogue.tell(10)

    async def published() -> bool:
        rows = await dialogue.events.fetch("SELECT published FROM intake.log_head")
        return sum(int(row.published) for row in rows) == 10

    await until(published)
    assert (await dialogue.api("STREAM.PURGE.INTAKE"))["purged"] == 10

    await dialogue.running.enter_async_context(dialogue.routing.running(None))
    await dialogue.all_answered()


async def test_a_durable_of_another_shape_is_replaced(
    dialogue: Dialogue, server: tuple[NatsServer, Process]
) -> None:
    start(server[1])
    await dialogue.running.enter_async_context(dialogue.intake.running(None))

    async def stream_exists() -> bool:
        return "error" not in await dialogue.api("STREAM.INFO.INTAKE")

    await until(stream_exists)
    config = {
        "durable_name": "routing-1",
        "name": "routing-1",
        "deliver_policy": "new",
        "ack_policy": "explicit",
    }
    body = {"stream_name": "INTAKE", "config": config}
    assert "error" not in await dialogue.api("CONSUMER.CREATE.INTAKE.routing-1", body)

    await dialogue.running.enter_async_context(dialogue.routing.running(None))
    await dialogue.tell(10)
    await dialogue.all_answered()


async def test_a_view_is_rebuilt_from_snapshots(
    dialogue: Dialogue, server: tuple[NatsServer, Process]
) -> None:
    start(server[1])
    await dialogue.start()
    await dialogue.events.execute("INSERT INTO effect VALUES ('answered', -1)")
    await dialogue.intake.rebuild("texts")

    async def rebuilt() -> bool:
        return await dialogue.kept("answered") == list(range(1, 251))

    await until(rebuilt)
    with pytest.raises(LookupError):
        await dialogue.intake.rebuild("nothing")


async def test_metrics_show_lag_and_cursor(
    dialogue: Dialogue, server: tuple[NatsServer, Process]
) -> None:
    start(server[1])
    await dialogue.start()
    await dialogue.tell(10)
    await dialogue.all_answered()
    registry = CollectorRegistry()
    runtime = dialogue.runtimes["routing"]
    runtime.show_metrics(EventMetrics(registry))

    async def all_heard() -> bool:
        await runtime.refresh_metrics()
        cursors = [
            registry.get_sample_value(
                "melder_consumer_cursor", {"speaker": "intake", "partition": str(p)}
            )
            for p in (1, 2)
        ]
        return sum(cursor or 0 for cursor in cursors) == 10

    await until(all_heard)
    assert registry.get_sample_value("melder_dead_letters", {"kind": "failed"}) == 0


async def test_a_service_goes_by_the_databases_clock(
    dialogue: Dialogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = timedelta(hours=-1)
    monkeypatch.setattr("melder_common.clock.utc_now", lambda: datetime.now(UTC) + wrong)
    await dialogue.start()

    def keeps_time() -> bool:
        ahead = datetime.now(UTC) - dialogue.routing.units.clock()
        return abs(ahead) < timedelta(minutes=1)

    await until(keeps_time)


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

    async def asking(count: int) -> bool:
        return await dialogue.open_requests() == count

    await until(lambda: cancellations.asked == 4)
    await until(lambda: asking(4))
    await dialogue.give_leases_away()
    await until(lambda: cancellations.lost == 2)
    await until(lambda: asking(0), seconds=EXPIRES_S / 2)  # by itself a request ends after a minute


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
