"""The engine has deadlines, notices lost connections, and says when trying again may help."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine

from melder_common import database
from melder_common.database import is_bad_data, is_disconnect, is_unavailable, make_engine
from melder_common.geo import Coordinate, metric, point
from melder_common.health import Health
from melder_common.resilience import retry_once_on_disconnect
from melder_common.settings import SettingsError
from melder_common.testing.ports import free_ports
from melder_common.testing.postgres import PostgresCluster
from melder_common.testing.waiting import until

pytestmark = pytest.mark.integration

MakeEngine = Callable[..., AsyncEngine]


@pytest.fixture
async def make(postgres: PostgresCluster) -> AsyncIterator[MakeEngine]:
    made: list[AsyncEngine] = []

    def build(
        port: int = postgres.port, pool_size: int = 2, password_file: Path | None = None
    ) -> AsyncEngine:
        url = f"postgresql+asyncpg://melder_admin@127.0.0.1:{port}/postgres"
        engine = make_engine(
            url, application_name="probe", pool_size=pool_size, password_file=password_file
        )
        made.append(engine)
        return engine

    yield build
    for engine in made:
        await engine.dispose()


class Wire:
    """A TCP proxy whose two directions can be cut off without a word."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.silent = False
        self.tasks: set[asyncio.Task[None]] = set()
        self.writers: list[asyncio.StreamWriter] = []

    def forget_all(self) -> None:
        """Say nothing any more on the connections there are; new ones are served."""
        for task in self.tasks:
            task.cancel()
        self.tasks.clear()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        self.writers += [writer, far_writer]
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self.pump(source, sink))
            self.tasks.add(task)

    async def pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while chunk := await source.read(65536):
                if not self.silent:
                    sink.write(chunk)
                    await sink.drain()
            sink.close()


@pytest.fixture
async def wire(postgres: PostgresCluster) -> AsyncIterator[tuple[Wire, int]]:
    wire, port = Wire(postgres.port), free_ports(1)[0]
    server = await asyncio.start_server(wire.accept, "127.0.0.1", port)
    yield wire, port
    server.close()
    for task in wire.tasks:
        task.cancel()
    await asyncio.gather(*wire.tasks, return_exceptions=True)
    for writer in wire.writers:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@pytest.fixture
def short_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "COMMAND_TIMEOUT_S", 0.5)
    monkeypatch.setattr(database, "CONNECT_TIMEOUT_S", 0.5)
    monkeypatch.setattr(database, "ANSWER_TIMEOUT_S", 0.2)


async def test_the_server_knows_who_we_are_and_when_to_give_up(make: MakeEngine) -> None:
    async with make().connect() as connection:
        found = {
            name: await connection.scalar(text(f"SHOW {name}"))
            for name in (
                "application_name",
                "statement_timeout",
                "lock_timeout",
                "timezone",
                "idle_in_transaction_session_timeout",
            )
        }
    assert found == {
        "application_name": "probe",
        "statement_timeout": "15s",
        "lock_timeout": "5s",
        "timezone": "UTC",
        "idle_in_transaction_session_timeout": "30s",
    }


async def test_the_password_is_read_at_every_connect(make: MakeEngine, tmp_path: Path) -> None:
    file = tmp_path / "password"
    engine = make(password_file=file)
    with pytest.raises(SettingsError, match="secret file"):
        await engine.connect()
    file.write_text("s3cret\n")
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1


async def test_a_terminated_backend_is_noticed_before_use(make: MakeEngine) -> None:
    engine = make()
    async with engine.connect() as connection:
        pid = await connection.scalar(text("SELECT pg_backend_pid()"))
        driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None
    async with make().connect() as other:
        await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    await until(driver.is_closed)
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT pg_backend_pid()")) != pid


async def test_a_connection_that_went_silent_while_it_rested_is_noticed_before_use(
    make: MakeEngine,
    wire: tuple[Wire, int],
    short_deadlines: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(database, "RESTED_S", 0)
    proxy, port = wire
    engine = make(port)
    async with engine.connect() as connection:
        pid = await connection.scalar(text("SELECT pg_backend_pid()"))
    proxy.forget_all()
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT pg_backend_pid()")) != pid


async def test_a_rested_connection_that_answers_is_used_again(
    make: MakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "RESTED_S", 0)
    engine = make()
    pids = set()
    for _ in range(3):
        async with engine.connect() as connection:
            pids.add(await connection.scalar(text("SELECT pg_backend_pid()")))
    assert len(pids) == 1, "asking whether it lives must not end it"


async def test_a_connection_lost_in_work_is_a_disconnect_and_tried_again(make: MakeEngine) -> None:
    engine, killer = make(), make()
    tries = 0

    async def work() -> int:
        nonlocal tries
        tries += 1
        async with engine.begin() as connection:
            pid = await connection.scalar(text("SELECT pg_backend_pid()"))
            if tries == 1:
                async with killer.connect() as other:
                    await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            return int(await connection.scalar(text("SELECT 7")) or 0)

    assert await retry_once_on_disconnect(work) == 7
    assert tries == 2


async def test_a_silent_wire_ends_at_the_deadline(
    make: MakeEngine, wire: tuple[Wire, int], short_deadlines: None
) -> None:
    proxy, port = wire
    engine = make(port)
    async with asyncio.timeout(20):
        async with engine.connect() as connection:
            assert await connection.scalar(text("SELECT 1")) == 1
            proxy.silent = True
            with pytest.raises(TimeoutError) as lost:
                await connection.scalar(text("SELECT 2"))
        with pytest.raises(TimeoutError) as away:
            await engine.connect()
    assert is_unavailable(lost.value)
    assert is_unavailable(away.value)
    proxy.silent = False
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT 3")) == 3


async def test_nobody_listening_is_unavailable_and_unready(make: MakeEngine) -> None:
    engine = make(free_ports(1)[0])
    with pytest.raises(ConnectionRefusedError) as refused:
        await engine.connect()
    assert is_disconnect(refused.value)
    assert await Health(engine).missing() == ["database"]
    assert await Health(make()).missing() == []


async def test_a_full_pool_is_unavailable(make: MakeEngine) -> None:
    engine = make(pool_size=1)
    engine.sync_engine.pool._timeout = 0.05  # type: ignore[attr-defined]  # shorter than real life
    async with engine.connect():
        with pytest.raises(PoolTimeoutError) as busy:
            await engine.connect()
    assert is_unavailable(busy.value)
    assert not is_disconnect(busy.value)


async def test_a_slow_statement_and_a_lost_race_may_be_tried_again(make: MakeEngine) -> None:
    async with make().connect() as connection:
        await connection.execute(text("SET statement_timeout = '20ms'"))
        with pytest.raises(DBAPIError) as slow:
            await connection.execute(text("SELECT pg_sleep(5)"))
    assert is_unavailable(slow.value)
    assert not is_disconnect(slow.value)


async def test_refused_values_are_bad_data(make: MakeEngine) -> None:
    async with make().connect() as connection:
        with pytest.raises(DBAPIError) as refused:
            await connection.scalar(text("SELECT CAST(:t AS text)"), {"t": "a\x00b"})
    assert is_bad_data(refused.value)
    assert "a\x00b" not in str(refused.value)


async def test_json_comes_back_and_metres_are_metres(make: MakeEngine) -> None:
    from sqlalchemy import func, literal, select
    from sqlalchemy.dialects.postgresql import JSONB

    document = {"a": [1, 2.5, None, "ü"]}
    async with make().connect() as connection:
        assert await connection.scalar(select(literal(document, JSONB))) == document
        await connection.execute(text("CREATE EXTENSION IF NOT EXISTS postgis"))
        north = func.ST_Distance(
            metric(point(Coordinate(54.0, 12.1))), metric(point(Coordinate(54.001, 12.1)))
        )
        assert abs(float(await connection.scalar(select(north)) or 0) - 111.3) < 0.3
        await connection.rollback()
