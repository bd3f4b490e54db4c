"""The real app on a real database, without NATS: events are handed to the handlers directly."""

import asyncio
import re
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI
from nacl.public import PrivateKey, SealedBox
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from melder_common.envelope import Heard, open_envelope
from melder_common.events import Event
from melder_common.ids import new_id
from melder_common.sealing import generate_period_key
from melder_common.service import Service
from melder_common.testing.databases import Databases
from melder_common.testing.postgres import PostgresCluster
from melder_common.unit_of_work import UnitsOfWork
from melder_intake.bus import SUBSCRIPTIONS
from melder_intake.main import assemble, build_parts, build_service
from melder_intake.parts import Parts
from melder_intake.settings import IntakeSettings
from melder_intake.store.tables import event_tables, metadata
from melder_intake.use_cases.manage_api_client import create_api_client
from melder_web import Pages
from melder_web.testing import chromium

__all__ = ["chromium"]

ORIGIN = "http://127.0.0.1:8000"

Hear = Callable[..., Awaitable[None]]


@dataclass(frozen=True)
class Stack:
    """The app and its parts. ``api_key`` belongs to a registered client."""

    app: FastAPI
    parts: Parts
    service: Service[Parts]
    api_key: str
    private_key: PrivateKey

    @property
    def units(self) -> UnitsOfWork:
        return self.parts.units

    async def spoken(self, *kinds: type[Event]) -> list[Any]:
        """What is in the outbox, oldest first."""
        outbox = event_tables.outbox
        async with self.units.engine.connect() as connection:
            rows = await connection.execute(select(outbox.c.envelope).order_by(outbox.c.id))
            events = [open_envelope(bytes(row.envelope), position=1).event for row in rows]
        return [event for event in events if not kinds or type(event) in kinds]

    async def count(self, table: str) -> int:
        async with self.units.engine.connect() as connection:
            found = await connection.execute(text(f"SELECT count(*) FROM intake.{table}"))
            return int(found.scalar_one())

    def unseal(self, box: str) -> dict[str, Any]:
        """What notify would read."""
        opened = SealedBox(self.private_key).decrypt(b64decode(box))
        return dict(orjson.loads(opened))


@pytest.fixture(scope="session")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with every secret intake needs."""
    tmp_path = tmp_path_factory.mktemp("secrets")
    for name in ("internal_token", "tracking_key", "form_key"):
        (tmp_path / name).write_text(name.encode().hex().ljust(64, "0")[:64])
    for directory in ("public", "private"):
        (tmp_path / directory).mkdir()
    period = datetime.now(UTC).strftime("%Y-%m")
    generate_period_key(period, public_dir=tmp_path / "public", private_dir=tmp_path / "private")
    return tmp_path


@pytest.fixture(scope="session")
def make_settings(secrets: Path) -> Callable[..., IntakeSettings]:
    def make(url: str, **changes: Any) -> IntakeSettings:
        return IntakeSettings(
            database_url=url,
            public_url=ORIGIN,
            port=0,
            internal_token_file=secrets / "internal_token",
            tracking_key_file=secrets / "tracking_key",
            form_key_file=secrets / "form_key",
            sealing_public_dir=secrets / "public",
            routing_internal_url="http://127.0.0.1:9",
            media_internal_url="http://127.0.0.1:9",
            **changes,
        )

    return make


@pytest.fixture(scope="session")
def pages() -> Pages:
    """Templates are compiled once for all tests."""
    return Pages("melder_intake")


@pytest.fixture(scope="session")
def run_apart() -> Callable[..., Any]:
    """Runs a coroutine in a thread of its own, because Playwright keeps this thread's loop busy."""

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, work).result()

    return run


@pytest.fixture(scope="session")
def database_url(
    databases: Databases, postgres: PostgresCluster, run_apart: Callable[..., Any]
) -> Iterator[str]:
    """One database for all tests of this session: emptying it is far cheaper than a clone."""
    name = run_apart(databases.clone("intake"))
    yield postgres.url(name, "melder_intake")
    run_apart(databases.drop(name))


async def _empty(engine: AsyncEngine) -> None:
    tables = ", ".join(table.fullname for table in metadata.sorted_tables)
    async with engine.begin() as connection:
        await connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY"))


@pytest.fixture
async def make_stack(
    database_url: str,
    make_settings: Callable[..., IntakeSettings],
    secrets: Path,
    pages: Pages,
) -> AsyncIterator[Callable[..., Awaitable[Stack]]]:
    """Builds the app; ``catalogue=`` events are heard first."""
    engines = []

    async def make(*, catalogue: tuple[Event, ...] = (), **changes: Any) -> Stack:
        settings = make_settings(database_url, **changes)
        service = build_service(settings)
        engines.append(service.engine)
        await _empty(service.engine)
        parts = build_parts(settings, service, pages=pages)
        private = next((secrets / "private").glob("*.key")).read_text()
        for event in catalogue:
            await _apply(parts, event)
        async with parts.units.begin() as unit:
            key = await create_api_client(unit, name="Stadt-App", requests_per_minute=10_000)
        app = assemble(service, parts)
        return Stack(app, parts, service, key, PrivateKey(b64decode(private)))

    yield make
    for engine in engines:
        await engine.dispose()


async def _apply(parts: Parts, event: Event, **facts: Any) -> None:
    said: Heard[Any] = Heard(
        event=event,
        event_id=new_id(),
        speaker=event.SPEAKER,
        partition=1,
        position=1,
        aggregate_id=new_id(),
        report_id=getattr(event, "report_id", None),
        occurred_at=facts.get("at") or datetime.now(UTC),
        seen={},
    )
    async with parts.units.begin() as unit:
        await SUBSCRIPTIONS[type(event)](unit, [said], parts)


@pytest.fixture
async def stack(
    make_stack: Callable[..., Awaitable[Stack]], catalogue_events: tuple[Event, ...]
) -> Stack:
    """Ready to take reports."""
    return await make_stack(catalogue=catalogue_events)


@pytest.fixture
def hear(stack: Stack) -> Hear:
    """Let intake hear an event."""

    async def tell(*events: Event, at: datetime | None = None) -> None:
        for event in events:
            await _apply(stack.parts, event, at=at)

    return tell


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without scripts."""
    transport = httpx.ASGITransport(app=stack.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url=ORIGIN, headers={"Accept": "text/html"}
    ) as browser:
        yield browser


@pytest.fixture
def form_token() -> Callable[[str], str]:
    """The token in a rendered form."""

    def find(page: str) -> str:
        found = re.search(r'name="form_token" value="([^"]+)"', page)
        assert found, "the form has no token"
        return found[1]

    return find
