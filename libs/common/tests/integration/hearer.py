"""Routing hears intake over a lossy net, one partition; what it applied is counted."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import insert

from melder_common.consumer import Consumer
from melder_common.envelope import Heard, seal_envelope
from melder_common.events import Event, ReportSupported
from melder_common.handlers import Handler
from melder_common.testing.event_schemas import EventWorld
from melder_common.testing.lossy import LossyNet, LossyTransport
from melder_common.transport import Message
from melder_common.unit_of_work import UnitOfWork

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
