"""A small region, clerks of three bodies, and the desk's pages on a real database."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from nacl.signing import SigningKey
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from melder_common.clock import utc_now
from melder_common.cookies import CookiePolicy
from melder_common.database import make_engine
from melder_common.envelope import Heard, open_envelope
from melder_common.event_values import BodyRef, CategoryRef, PhotoClaim, Place, PublicationPolicy
from melder_common.events import Event, ReportCommented, ReportSubmitted
from melder_common.ids import new_id
from melder_common.numbers import new_number
from melder_common.problems import install_problem_handlers
from melder_common.testing.databases import Databases
from melder_common.testing.postgres import PostgresCluster
from melder_common.unit_of_work import UnitsOfWork
from melder_routing.domain.decision import Decision, Rule, Status
from melder_routing.domain.keys import body_id, category_id, queue_id
from melder_routing.domain.region_clerk import RegionClerk
from melder_routing.domain.routed_report import RoutedReport
from melder_routing.http.desk import Desk, install_desk, render_desk_problem
from melder_routing.store.case_tables import case, case_history
from melder_routing.store.desk_units import DeskUnits
from melder_routing.store.metadata import EVENT_TABLES
from melder_routing.store.region_tables import body, category, queue
from melder_routing.use_cases.open_cases import open_cases
from melder_routing.use_cases.put_clerks import put_clerks
from melder_web import Pages
from melder_web.assets import Asset, Assets
from melder_web.cross_site import CrossSiteCheck
from melder_web.page_problems import PageProblem, render_page

Result = TypeVar("Result")

PASSWORD = "ein langes Wort 7"
NORD, SUED = BodyRef(slug="nord", name="Stadt Nord"), BodyRef(slug="sued", name="Gemeinde Süd")
KREIS = BodyRef(slug="kreis", name="Landkreis Mitte")
LAMP = CategoryRef(slug="lamp", name={"de": "Lampe dunkel"})

CLERKS = (
    RegionClerk("anna@nord.example", "Anna Nord", "nord", ("clerk",), ("nord",), "Amt", PASSWORD),
    RegionClerk("nina@nord.example", "Nina Nord", "nord", ("clerk",), ("nord",), "Amt", PASSWORD),
    RegionClerk("bert@sued.example", "Bert Süd", "sued", ("clerk",), ("sued",), "Amt", PASSWORD),
    RegionClerk("sven@sued.example", "Sven Süd", "sued", ("clerk",), ("kreis",), "Amt", PASSWORD),
    RegionClerk("nils@nord.example", "Nils Nord", "nord", ("clerk",), ("kreis",), "Amt", PASSWORD),
    RegionClerk("lena@nord.example", "Lena Leser", "nord", ("reader",), (), "Rat", PASSWORD),
)


class AnyAsset(Mapping[str, Asset]):
    """Every file is built: pages need no Node to be tested."""

    def __getitem__(self, name: str) -> Asset:
        return Asset(f"/static/{name}", "sha384-x")

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


@dataclass
class Clock:
    """The present, unless a test moves it."""

    fixed: datetime | None = None

    def __call__(self) -> datetime:
        return self.fixed or utc_now()


@dataclass
class World:
    """The desk with its database; ``worker`` is what events and timers use."""

    worker: UnitsOfWork
    desk: Desk
    app: FastAPI
    clock: Clock
    desk_engine: AsyncEngine
    clients: list[AsyncClient] = field(default_factory=list)

    async def found(self) -> None:
        """Put the region and its clerks in."""
        await _put_region(self.worker.engine)
        async with self.worker.begin() as unit:
            await put_clerks(unit, CLERKS)

    async def close(self) -> None:
        for client in self.clients:
            await client.aclose()
        await self.worker.engine.dispose()
        await self.desk_engine.dispose()

    def client(self) -> AsyncClient:
        client = AsyncClient(transport=ASGITransport(self.app), base_url="http://127.0.0.1")
        self.clients.append(client)
        return client

    async def sign_in(self, login: str, password: str = PASSWORD) -> "Clerk":
        client = self.client()
        answer = await client.post("/desk/login", data={"login": login, "password": password})
        assert answer.status_code == 303, answer.text
        return Clerk(client)

    async def open_case(self, **changes: Any) -> RoutedReport:
        (routed,) = await self.open_cases(1, **changes)
        return routed

    async def open_cases(self, count: int, **changes: Any) -> list[RoutedReport]:
        """Several at once."""
        routed = [make_routed(**changes) for _ in range(count)]
        async with self.worker.begin() as unit:
            await open_cases(unit, routed)
        return routed

    async def hear(self, handler: Callable[..., Awaitable[None]], *events: Event) -> None:
        async with self.worker.begin() as unit:
            await handler(unit, [make_heard(event) for event in events], None)

    async def events(self) -> list[Event]:
        """Everything said so far, in order."""
        outbox = EVENT_TABLES.outbox
        async with self.worker.engine.connect() as connection:
            rows = await connection.scalars(select(outbox.c.envelope).order_by(outbox.c.id))
            return [open_envelope(row, position=1).event for row in rows]

    async def said(self, kind: type[Event]) -> list[Any]:
        """The events of one kind."""
        return [event for event in await self.events() if type(event) is kind]

    async def history(self, number: str) -> list[Any]:
        chosen = select(case_history).join(case, case.c.id == case_history.c.case_id)
        async with self.worker.engine.connect() as connection:
            found = chosen.where(case.c.number == number).order_by(case_history.c.id)
            return list(await connection.execute(found))

    async def row(self, number: str) -> Any:
        async with self.worker.engine.connect() as connection:
            return (await connection.execute(select(case).where(case.c.number == number))).one()

    async def scalar(self, sql: str, **values: Any) -> Any:
        async with self.worker.engine.connect() as connection:
            return await connection.scalar(text(sql), values)


@dataclass
class Clerk:
    """Somebody at the desk, with the browser's cookies."""

    client: AsyncClient

    @staticmethod
    def hidden_fields(page: str) -> dict[str, str]:
        """The hidden fields that every form of the page carries."""
        names = ("csrf", "version", "form_token")
        found = {name: re.search(f'name="{name}" value="([^"]*)"', page) for name in names}
        return {name: match.group(1) for name, match in found.items() if match}

    async def see(self, number: str) -> str:
        answer = await self.client.get(f"/desk/cases/{number}")
        assert answer.status_code == 200, answer.text
        return answer.text

    async def fill(self, number: str) -> dict[str, str]:
        """The hidden fields of the forms on a case page."""
        return self.hidden_fields(await self.see(number))

    async def send(
        self, number: str, action: str, form: dict[str, str] | None = None, **fields: str
    ) -> Response:
        filled = form or await self.fill(number)
        address = f"/desk/cases/{number}/{action}"
        return await self.client.post(address, data={**filled, **fields})

    async def do(self, number: str, action: str, **fields: str) -> None:
        answer = await self.send(number, action, None, **fields)
        assert answer.status_code == 303, answer.text


def make_routed(
    *,
    body: BodyRef = NORD,
    queue_slug: str | None = None,
    responsible: BodyRef | None = NORD,
    description: str = "Die Lampe ist dunkel. Ruf 0381 1234567 an.",
    policy: PublicationPolicy | None = None,
    hazard: bool = False,
    candidates: tuple[BodyRef, ...] = (),
    photos: int = 0,
    channels: tuple[str, ...] = ("email",),
    submitted_at: datetime | None = None,
    border: bool = False,
) -> RoutedReport:
    report = ReportSubmitted(
        report_id=new_id(),
        number=new_number(),
        source="web",
        category="lamp",
        place=Place(lat=54.1, long=12.1, address="Lange Straße 1"),
        description=description,
        photos=tuple(PhotoClaim(photo_id=new_id(), upload_token="t") for _ in range(photos)),
        hazard=hazard,
        channels=channels,
        submitted_at=submitted_at or utc_now(),
    )
    decision = Decision(
        status=Status.DECIDED if responsible else Status.UNSERVED,
        rule=Rule.CATEGORY if responsible else Rule.CLEARING,
        responsible=body if responsible else None,
        working=body,
        queue=queue_slug or body.slug,
        boundary_version="test",
        municipality="Nord",
        candidates=candidates,
        border=border or bool(candidates),
        reason={"de": "Zuständig ist die Stadt."},
    )
    return RoutedReport(report, decision, LAMP, policy or PublicationPolicy(), hazard, due_days=5)


def make_heard(event: Event) -> Heard[Event]:
    report_id: UUID | None = getattr(event, "report_id", None)
    return Heard(
        event=event,
        event_id=new_id(),
        speaker=event.SPEAKER,
        partition=1,
        position=1,
        aggregate_id=report_id or new_id(),
        report_id=report_id,
        occurred_at=utc_now(),
        seen={},
    )


async def _put_region(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        for ref, kind in ((NORD, "gemeinde"), (SUED, "gemeinde"), (KREIS, "kreis")):
            await connection.execute(
                insert(body).values(
                    id=body_id(ref.slug),
                    slug=ref.slug,
                    name=ref.name,
                    place_name=ref.name.split()[-1],
                    article="die",
                    kind=kind,
                    participation="desk",
                )
            )
            await connection.execute(
                insert(queue).values(id=queue_id(ref.slug), slug=ref.slug, name=f"Korb {ref.name}")
            )
        await connection.execute(
            insert(category).values(
                id=category_id("lamp"),
                slug="lamp",
                name=LAMP.name,
                group_slug="light",
                group_name={"de": "Licht"},
                policy_text="after_review",
                policy_photo="after_review",
                policy_place="at_once",
                position=1,
            )
        )


def _build_app(desk: Desk) -> FastAPI:
    app = FastAPI()
    install_desk(app, desk)
    refuse = render_page(desk.pages)
    install_problem_handlers(app, refuse, by_path={"/desk": render_desk_problem(desk.pages)})
    app.add_middleware(
        CrossSiteCheck, refuse=lambda r: refuse(r, PageProblem(403, "cross-site")), exempt=()
    )
    return app


def _units(engine: AsyncEngine, clock: Clock) -> UnitsOfWork:
    return UnitsOfWork(engine, tables=EVENT_TABLES, speaker="routing", partitions=4, clock=clock)


def build_world(worker_url: str, pages: Pages | None = None) -> World:
    """The desk on its own role beside the worker, on one database; nothing is connected yet."""
    desk_url = worker_url.replace("routing_worker@", "routing_desk@")
    clock = Clock()
    worker = _units(make_engine(worker_url, application_name="test worker", pool_size=2), clock)
    desk_engine = make_engine(desk_url, application_name="test desk", pool_size=3)
    desk = Desk(
        units=DeskUnits(_units(desk_engine, clock)),
        pages=pages or Pages("melder_routing", assets=Assets(AnyAsset())),
        cookies=CookiePolicy(secure=False),
        session_key=b"k" * 32,
        grant_key=SigningKey.generate(),
        clock=clock,
    )
    return World(worker, desk, _build_app(desk), clock, desk_engine)


class OpenWorld:
    """Opens worlds in the caller's event loop, or builds one for another loop."""

    build = staticmethod(build_world)

    @staticmethod
    def apart(work: Coroutine[Any, Any, Result]) -> Result:
        """Run ``work`` in a thread with a loop of its own."""
        return run_apart(work)

    @asynccontextmanager
    async def __call__(self, worker_url: str) -> AsyncIterator[World]:
        made = build_world(worker_url)
        yield made
        await made.close()


def run_apart(work: Coroutine[Any, Any, Result]) -> Result:
    """Run ``work`` in a thread: Playwright may occupy the event loop of this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@pytest.fixture(scope="session")
def open_world() -> OpenWorld:
    """For tests that bring their own event loop."""
    return OpenWorld()


@pytest.fixture(scope="session")
def comment_on() -> Callable[[UUID], ReportCommented]:
    """A comment of the reporter."""
    return lambda report_id: ReportCommented(
        report_id=report_id, comment_id=new_id(), text="Flackert wieder.", written_at=utc_now()
    )


@pytest.fixture(scope="session")
def founded(databases: Databases, postgres: PostgresCluster, open_world: OpenWorld) -> str:
    """The name of a database with the region and its clerks, to be cloned: hashing takes long."""

    async def found() -> str:
        name = await databases.clone("routing")
        async with open_world(postgres.url(name, "routing_worker")) as made:
            await made.found()
        return name

    return run_apart(found())


@pytest.fixture
async def world(
    founded: str, databases: Databases, postgres: PostgresCluster
) -> AsyncIterator[World]:
    """A fresh database with the small region, its clerks and the desk."""
    name = f"desk_{new_id().hex}"
    admin = await asyncpg.connect(postgres.dsn())
    try:
        await admin.execute(f"CREATE DATABASE {name} TEMPLATE {founded} STRATEGY FILE_COPY")
    finally:
        await admin.close()
    made = build_world(postgres.url(name, "routing_worker"))
    yield made
    await made.close()
    await databases.drop(name)


@pytest.fixture(scope="session")
def sued() -> BodyRef:
    """A body that other tests reach in ways of their own."""
    return SUED


@pytest.fixture
async def anna(world: World) -> Clerk:
    """Works in the queue of Nord."""
    return await world.sign_in("anna@nord.example")


@pytest.fixture
async def bert(world: World) -> Clerk:
    """Works in the queue of Süd; Sven and Nils share the queue of the county."""
    return await world.sign_in("bert@sued.example")
