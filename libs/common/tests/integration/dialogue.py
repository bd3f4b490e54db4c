"""Two services that talk over a real nats-server, and count what each has heard."""

import uuid
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from nats.aio.client import Client
from pydantic import AnyHttpUrl
from sqlalchemy import text

from melder_common.envelope import Heard
from melder_common.events import CaseTextRedacted, ReportSupported
from melder_common.runtime import Pace, Runtime
from melder_common.service import Service, SnapshotSource, View
from melder_common.settings import ServiceSettings
from melder_common.testing.event_schemas import EventWorld
from melder_common.testing.nats import NatsServer
from melder_common.testing.processes import Process
from melder_common.testing.waiting import until
from melder_common.unit_of_work import UnitOfWork

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
        """As after a pause in which others have taken everything over; they hold it for 5 s."""
        async with self.events.engine.begin() as connection:
            for service in ("intake", "routing"):
                given = "SET holder = 'another', until = now() + interval '5 s', fence = fence + 1"
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


def start(process: Process) -> None:
    process.start()
    process.wait_ready(20)
