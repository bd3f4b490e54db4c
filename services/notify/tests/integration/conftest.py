"""A whole notify without NATS: events are heard by hand, timers fall due when a test says so."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Row, text

from melder_common.database import make_engine
from melder_common.envelope import Heard, open_envelope
from melder_common.event_values import (
    BodyRef,
    CaseState,
    CategoryRef,
    Place,
    PublicationPolicy,
)
from melder_common.events import (
    CaseMessagePosted,
    CaseRouted,
    CaseStatusChanged,
    Event,
    ReportSubmitted,
)
from melder_common.sealing import OpeningKeys, SealingKeys, generate_period_key
from melder_common.testing.mail import MailSink
from melder_common.timer_runner import Timers
from melder_common.unit_of_work import UnitsOfWork
from melder_notify.bus import SUBSCRIPTIONS
from melder_notify.domain.contacts import ContactDetails
from melder_notify.domain.links import LinkKey
from melder_notify.store.mail_message import MailWriter, Postmark
from melder_notify.store.mail_server import MailServer, ServerAddress
from melder_notify.store.tables import event_tables
from melder_notify.store.translations import Languages
from melder_notify.store.vault import Vault
from melder_notify.timers import ROUNDS, TIMERS
from melder_notify.use_cases.answer_links import confirm_contact
from melder_notify.use_cases.office import Office

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BODY = BodyRef(slug="amt-carbaek", name="Amt Carbäk")
FREE_TEXT = "KANARIENVOGEL tiefes Loch vor meiner Tür"
NAME = "KANARIENVOGEL Kauf jetzt http://spam.example"
EMAIL = "kanarienvogel@reporter.example"


@dataclass
class Town:
    """Notify with its clock and its mail server, and the events that others would speak."""

    units: UnitsOfWork
    office: Office
    sink: MailSink
    sealing: SealingKeys
    now: datetime = START
    heard: list[Heard[Any]] = field(default_factory=list)

    def clock(self) -> datetime:
        return self.now

    async def hear(self, *events: Event, again: Heard[Any] | None = None) -> Heard[Any]:
        """Let notify hear events in one unit each, as consumers do."""
        for event in events:
            one = again or self._heard(event)
            async with self.units.begin() as unit:
                await SUBSCRIPTIONS[type(event)](unit, [one], self.office)
            self.heard.append(one)
        return self.heard[-1]

    async def hear_together(self, *events: Event) -> None:
        """Let notify hear events of one kind in one unit, as consumers do that are behind."""
        heard = [self._heard(event) for event in events]
        async with self.units.begin() as unit:
            await SUBSCRIPTIONS[type(events[0])](unit, heard, self.office)
        self.heard += heard

    def _heard(self, event: Event) -> Heard[Any]:
        report_id = getattr(event, "report_id", None)
        return Heard(
            event=event,
            event_id=uuid4(),
            speaker=event.SPEAKER,
            partition=1,
            position=len(self.heard) + 1,
            aggregate_id=report_id or uuid4(),
            report_id=report_id,
            occurred_at=self.now,
            seen={},
        )

    async def pass_time(self, **by: float) -> None:
        """Go on in time and carry out everything that falls due."""
        self.now += timedelta(**by)
        timers = Timers(self.units, TIMERS, self.office, holder="test", claim_s=3600)
        while due := await timers.claim(50):
            for together in timers.group(due):
                await timers.carry_out(*together)

    async def submit(
        self,
        *,
        number: str = "K7M4Q2XA",
        email: str | None = EMAIL,
        phone: str | None = None,
        language: str = "de",
        report_id: UUID | None = None,
    ) -> UUID:
        """A report as intake accepts it; returns its id."""
        report_id = report_id or uuid4()
        details = ContactDetails(
            name=NAME,
            email=email,
            phone=phone,
            tracking_url=f"https://melder.example/m/{number}/secret",
            number=number,
        )
        channels = [kind for kind, value in (("email", email), ("phone", phone)) if value]
        await self.hear(
            ReportSubmitted(
                report_id=report_id,
                number=number,
                source="web",
                category="road-pothole",
                place=Place(lat=54.1, long=12.2, address=FREE_TEXT),
                description=FREE_TEXT,
                attributes={"size": (FREE_TEXT,)},
                language=language,
                channels=tuple(channels),
                contact=self.sealing.seal(details.to_json(), self.now) if channels else None,
                submitted_at=self.now,
            )
        )
        return report_id

    def routed(self, report_id: UUID, responsible: BodyRef | None = BODY) -> CaseRouted:
        return CaseRouted(
            case_id=uuid4(),
            report_id=report_id,
            number="K7M4Q2XA",
            status="decided" if responsible else "unserved",
            responsible=responsible,
            working=responsible or BODY,
            municipality="Broderstorf",
            reason={"de": "Zuständig ist das Amt, weil Straßen seine Aufgabe sind."},
            category=CategoryRef(slug="road-pothole", name={"de": "Schlagloch"}),
            place=Place(lat=54.1, long=12.2),
            policy=PublicationPolicy(),
            usual_days=5,
            boundary_version="1",
        )

    def changed(
        self,
        report_id: UUID,
        state: str,
        *,
        previous: str = "received",
        message: str | None = None,
    ) -> CaseStatusChanged:
        return CaseStatusChanged(
            case_id=uuid4(),
            report_id=report_id,
            state=CaseState(state),
            previous=CaseState(previous),
            message=message,
            body=BODY,
            changed_at=self.now,
        )

    def posted(self, report_id: UUID, text: str, kind: Any = "question") -> CaseMessagePosted:
        return CaseMessagePosted(
            case_id=uuid4(),
            report_id=report_id,
            message_id=uuid4(),
            kind=kind,
            text=text,
            body=BODY,
            posted_at=self.now,
        )

    async def submit_and_confirm(self, **how: Any) -> UUID:
        """A routed report with its receipt sent and its address confirmed."""
        report_id = await self.submit(**how)
        await self.hear(self.routed(report_id))
        await self.pass_time(seconds=1)
        await self.confirm(report_id)
        self.sink.received.clear()
        return report_id

    async def confirm(self, report_id: UUID) -> None:
        async with self.units.begin() as unit:
            await confirm_contact(unit, await self.contact_id(report_id), self.office)

    @staticmethod
    def plain(mail: EmailMessage) -> str:
        """The text part of a mail."""
        part = mail.get_body(("plain",))
        assert part is not None
        return part.get_content().replace("\r\n", "\n")

    def link(self, mail: EmailMessage, act: str) -> str:
        """The path of a mail's /me link."""
        text = self.plain(mail)
        return text[text.index(f"/me/{act}/") :].split()[0]

    async def contact_id(self, report_id: UUID) -> UUID:
        row = await self.row(
            "SELECT contact_id FROM notify.contact WHERE report_id = :id", id=report_id
        )
        return row.contact_id

    async def rows(self, statement: str, **values: Any) -> list[Row[Any]]:
        async with self.units.engine.connect() as connection:
            return list(await connection.execute(text(statement), values))

    async def row(self, statement: str, **values: Any) -> Row[Any]:
        (row,) = await self.rows(statement, **values)
        return row

    async def spoken(self) -> list[Heard[Event]]:
        """What notify has said, in order."""
        rows = await self.rows("SELECT envelope FROM notify.outbox ORDER BY id")
        return [open_envelope(row.envelope, position=1) for row in rows]

    async def states(self) -> list[tuple[str, str]]:
        rows = await self.rows(
            "SELECT kind, state FROM notify.notification ORDER BY queued_at, notification_id"
        )
        return [(row.kind, row.state) for row in rows]


@pytest.fixture
def key_dirs(tmp_path: Path) -> tuple[Path, Path]:
    public, private = tmp_path / "public", tmp_path / "private"
    generate_period_key("2026-11", public_dir=public, private_dir=private)
    return public, private


@pytest.fixture
async def town(
    service_database: Callable[..., Awaitable[str]],
    mail_sink: MailSink,
    key_dirs: tuple[Path, Path],
) -> AsyncIterator[Town]:
    public, private = key_dirs
    engine = make_engine(await service_database("notify"), application_name="test", pool_size=4)
    server = MailServer(
        ServerAddress(mail_sink.host, mail_sink.port, "none"), deadline_s=5, rest_s=0
    )
    office = Office(
        vault=Vault(OpeningKeys.load(private), b"m" * 32),
        link_key=LinkKey(b"k" * 32),
        languages=Languages(("de", "en"), zone="Europe/Berlin"),
        writer=MailWriter(Postmark("meldungen@melder.example")),
        server=server,
        origin="https://melder.example",
        region="Rostock und Landkreis Rostock",
    )
    units = UnitsOfWork(engine, tables=event_tables, speaker="notify", partitions=4)
    made = Town(units, office, mail_sink, SealingKeys.load(public))
    units.clock = made.clock
    async with units.begin() as unit:
        for kind in ROUNDS:
            await unit.plan(kind, "round", at=START)
    yield made
    await server.close()
    await engine.dispose()
