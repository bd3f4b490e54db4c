"""A database in which the demo region is applied, made once per session, for tests that only read."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from melder_common.database import make_engine
from melder_common.testing.databases import Databases
from melder_common.testing.postgres import PostgresCluster
from melder_common.unit_of_work import UnitsOfWork
from melder_routing.store.metadata import EVENT_TABLES
from melder_routing.use_cases.apply_region import Applied, apply_region
from melder_routing.use_cases.read_region import read_passwords, read_region

DEMO = Path(__file__).parents[4] / "infra/demo/region.yaml"


async def apply_file(url: str, file: Path, secrets: Path) -> Applied:
    engine = make_engine(url, application_name="test apply", pool_size=1)
    units = UnitsOfWork(engine, tables=EVENT_TABLES, speaker="routing", partitions=4)
    prepared = read_region(file)
    try:
        async with units.begin() as unit:
            return await apply_region(unit, prepared, read_passwords(prepared.region, secrets))
    finally:
        await engine.dispose()


@pytest.fixture(scope="session")
def demo_database(
    databases: Databases, postgres: PostgresCluster, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """The name of a database with the demo region; it goes with the cluster."""
    name = asyncio.run(databases.clone("routing"))
    url = postgres.url(name, "routing_worker")
    asyncio.run(apply_file(url, DEMO, tmp_path_factory.mktemp("secrets")))
    return name


@pytest.fixture
async def demo_engine(demo_database: str, postgres: PostgresCluster) -> AsyncIterator[AsyncEngine]:
    """As the desk's HTTP connects: it may read the region."""
    engine = make_engine(
        postgres.url(demo_database, "routing_desk"), application_name="test", pool_size=2
    )
    yield engine
    await engine.dispose()


@pytest.fixture
async def demo(demo_engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection for questions about the demo region."""
    async with demo_engine.connect() as connection:
        yield connection
