"""A database with the event tables of two services, made once, emptied before each test."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from melder_common.testing import event_schemas
from melder_common.testing.event_schemas import EventWorld
from melder_common.testing.lossy import LossyNet
from melder_common.testing.nats import NatsServer
from melder_common.testing.ports import free_ports
from melder_common.testing.postgres import PostgresCluster
from melder_common.testing.processes import Process

from .dialogue import Dialogue
from .hearer import Hearer

SERVICES = ("intake", "routing")


@pytest.fixture(scope="session")
def event_database(postgres: PostgresCluster) -> str:
    """The URL of a database with the schemas of ``SERVICES``, all owned by one superuser."""
    metadata, _ = event_schemas.declare(SERVICES)

    async def create() -> None:
        admin = create_async_engine(
            postgres.url("postgres", "melder_admin"), isolation_level="AUTOCOMMIT"
        )
        async with admin.connect() as connection:
            await connection.execute(text("CREATE DATABASE events"))
        await admin.dispose()
        engine = create_async_engine(postgres.url("events", "melder_admin"))
        await event_schemas.create(engine, metadata, SERVICES)
        await engine.dispose()

    asyncio.run(create())
    return postgres.url("events", "melder_admin")


@pytest.fixture
async def events(event_database: str) -> AsyncIterator[EventWorld]:
    """The empty schemas, with an engine on them."""
    metadata, schemas = event_schemas.declare(SERVICES)
    engine = create_async_engine(event_database, pool_size=20)
    await event_schemas.empty(engine, metadata)
    yield EventWorld(engine, metadata, schemas)
    await engine.dispose()


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


@pytest.fixture
async def hearer(events: EventWorld) -> Hearer:
    hearer = Hearer(events, LossyNet())
    await hearer.consumer.prepare()
    return hearer
