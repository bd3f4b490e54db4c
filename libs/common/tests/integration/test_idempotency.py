"""The same request twice makes one thing, also when both come at once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import AsyncEngine

from melder_common.clock import utc_now
from melder_common.database import make_engine
from melder_common.idempotency import (
    KEPT_FOR,
    KeyRefused,
    KeyReused,
    content_hash,
    forget_expired,
    remember,
)
from melder_common.ids import new_id
from melder_common.tables import EventTables
from melder_common.testing.postgres import PostgresCluster
from melder_common.unit_of_work import UnitOfWork, UnitsOfWork

pytestmark = pytest.mark.integration

CONTENT = content_hash({"description": "Loch"})
OTHER = content_hash({"description": "Lampe"})


@pytest.fixture
async def engine(postgres: PostgresCluster) -> AsyncIterator[AsyncEngine]:
    name = f"idempotency_{new_id().hex}"
    admin = await asyncpg.connect(postgres.dsn())
    await admin.execute(f"CREATE DATABASE {name}")
    engine = make_engine(postgres.url(name, "melder_admin"), application_name="test")
    yield engine
    await engine.dispose()
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture
async def units(engine: AsyncEngine) -> UnitsOfWork:
    metadata = MetaData(schema="probe")
    tables = EventTables(metadata, "probe")
    async with engine.begin() as connection:
        await connection.execute(text("CREATE SCHEMA probe"))
        await connection.run_sync(metadata.create_all)
    return UnitsOfWork(engine, tables=tables, speaker="probe", partitions=4)


async def once(
    units: UnitsOfWork, *, key: str = "k", content: bytes = CONTENT
) -> tuple[UUID, UUID]:
    """Remembers a fresh id; gives the fresh and the remembered one."""
    fresh = new_id()
    async with units.begin() as unit:
        return fresh, await remember(
            unit, scope="web /melden", key=key, content_hash=content, object_id=fresh
        )


async def test_the_first_id_is_the_answer_ever_after(units: UnitsOfWork) -> None:
    first, answer = await once(units)
    assert answer == first
    for _ in range(2):
        later, answer = await once(units)
        assert answer == first != later
    other, answer = await once(units, key="another")
    assert answer == other


async def test_other_content_under_the_same_key_is_refused(units: UnitsOfWork) -> None:
    await once(units)
    with pytest.raises(KeyReused):
        await once(units, content=OTHER)
    with pytest.raises(KeyRefused):
        await once(units, key="\x00")


async def test_a_twin_waits_for_the_first(units: UnitsOfWork) -> None:
    fresh = new_id()
    async with units.begin() as unit:
        await remember(unit, scope="web /melden", key="k", content_hash=CONTENT, object_id=fresh)
        twin = asyncio.create_task(once(units))
        await wait_until_blocked(unit)
    assert (await twin)[1] == fresh


async def test_a_twin_wins_when_the_first_fails(units: UnitsOfWork) -> None:
    async def first() -> None:
        async with units.begin() as unit:
            await remember(
                unit, scope="web /melden", key="k", content_hash=CONTENT, object_id=new_id()
            )
            twins.append(asyncio.create_task(once(units)))
            await wait_until_blocked(unit)
            raise ZeroDivisionError

    twins: list[asyncio.Task[tuple[UUID, UUID]]] = []
    with pytest.raises(ZeroDivisionError):
        await first()
    fresh, answer = await twins[0]
    assert answer == fresh


async def wait_until_blocked(unit: UnitOfWork) -> None:
    """Returns once another transaction waits for this one (each look is a snapshot of its own)."""
    own = await unit.connection.scalar(text("SELECT pg_backend_pid()"))
    blocked = text(
        "SELECT count(*) FROM pg_stat_activity WHERE CAST(:own AS int) = ANY(pg_blocking_pids(pid))"
    )
    async with asyncio.timeout(30):
        while True:
            async with unit.connection.engine.connect() as look:
                if await look.scalar(blocked, {"own": own}):
                    return
            await asyncio.sleep(0.01)


async def test_keys_are_forgotten_when_their_time_is_over(units: UnitsOfWork) -> None:
    await once(units)
    await once(units, key="old")
    later = UnitsOfWork(
        units.engine, tables=units.tables, speaker="probe", partitions=4,
        clock=lambda: utc_now() + KEPT_FOR + timedelta(minutes=1),
    )  # fmt: skip
    fresh, answer = await once(later, content=OTHER)
    assert answer == fresh, "an expired key may be used for something new"
    async with later.begin() as unit:
        assert await forget_expired(unit) == 1
        assert await forget_expired(unit) == 0
