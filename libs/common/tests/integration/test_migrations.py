"""Migrations: from nothing to the newest revision, side by side, without stopping the traffic."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine

from melder_common.migrations import migrate
from melder_common.tables import EventTables
from melder_common.testing.postgres import PostgresCluster
from melder_common.testing.waiting import until

pytestmark = pytest.mark.integration

ENVIRONMENT = """
from sqlalchemy import MetaData
from melder_common.migrations import run_environment
run_environment(MetaData(schema="sample"))
"""

FIRST = """
from alembic import op
from melder_common.migrations import create_event_tables
revision, down_revision = "0001", None
def upgrade():
    create_event_tables("sample", users=("sample_desk",))
    op.execute("CREATE TABLE sample.thing (id int)")
"""

SECOND = """
from alembic import op
revision, down_revision = "0002", "0001"
def upgrade():
    op.execute("ALTER TABLE sample.thing ADD COLUMN name text")
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package ``melder_sample`` with one revision."""
    migrations = tmp_path / "melder_sample" / "migrations"
    (migrations / "versions").mkdir(parents=True)
    (tmp_path / "melder_sample" / "__init__.py").touch()
    (migrations / "env.py").write_text(ENVIRONMENT)
    (migrations / "versions" / "0001_first.py").write_text(FIRST)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "melder_sample", raising=False)
    return migrations


@pytest.fixture
async def admin(postgres: PostgresCluster) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a fresh database with the roles that the sample needs."""
    connection = await asyncpg.connect(postgres.dsn())
    await connection.execute("DROP DATABASE IF EXISTS sample WITH (FORCE)")
    await connection.execute("CREATE DATABASE sample")
    if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = 'sample_desk'"):
        await connection.execute("CREATE ROLE sample_desk LOGIN")
    await connection.close()
    connection = await asyncpg.connect(postgres.dsn("sample"))
    yield connection
    await connection.close()


@pytest.fixture
def url(admin: asyncpg.Connection, postgres: PostgresCluster) -> str:
    return postgres.url("sample", "melder_admin")


async def upgrade(url: str) -> None:
    await asyncio.to_thread(migrate, url, "melder_sample")


async def revision(admin: asyncpg.Connection) -> str:
    return str(await admin.fetchval("SELECT version_num FROM sample.alembic_version"))


async def test_the_first_revision_makes_exactly_the_declared_event_tables(
    package: Path, admin: asyncpg.Connection, url: str
) -> None:
    await upgrade(url)

    metadata = MetaData()
    EventTables(metadata, "sample")
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            differences = await connection.run_sync(differing, metadata)
    finally:
        await engine.dispose()
    assert differences == []
    assert await admin.fetchval(
        "SELECT has_table_privilege('sample_desk', 'sample.outbox', 'INSERT')"
    )


def differing(connection: Connection, metadata: MetaData) -> list[object]:
    def of_the_events(name: str | None, kind: str, parents: object) -> bool:
        if kind == "schema":
            return name == "sample"
        return kind != "table" or name not in {"thing", "alembic_version"}

    context = MigrationContext.configure(
        connection, opts={"include_schemas": True, "include_name": of_the_events}
    )
    return list(compare_metadata(context, metadata))


async def test_it_may_be_repeated_and_run_twice_at_once(
    package: Path, admin: asyncpg.Connection, url: str
) -> None:
    await asyncio.gather(upgrade(url), upgrade(url))
    (package / "versions" / "0002_second.py").write_text(SECOND)
    await upgrade(url)
    await upgrade(url)
    assert await revision(admin) == "0002"


async def test_a_revision_that_cannot_get_its_lock_waits_its_turn(
    package: Path, admin: asyncpg.Connection, url: str
) -> None:
    await upgrade(url)
    (package / "versions" / "0002_second.py").write_text(SECOND)
    blocker = admin.transaction()
    await blocker.start()
    await admin.execute("LOCK TABLE sample.thing IN ACCESS SHARE MODE")

    upgrading = asyncio.create_task(upgrade(url))
    waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'sample.thing'::regclass"

    async def waits() -> bool:
        return bool(await admin.fetchval(waiting))

    async def gives_way() -> bool:
        return not await waits()

    await until(waits)
    await until(gives_way)
    assert not upgrading.done()
    await blocker.rollback()
    await upgrading

    assert await revision(admin) == "0002"
