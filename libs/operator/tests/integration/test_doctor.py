"""The doctor says that a sound installation is sound, and names what is broken."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from typer.testing import CliRunner

from melder_common.ids import new_id
from melder_common.testing import event_schemas
from melder_common.testing.event_schemas import EventWorld
from melder_common.testing.ports import free_ports
from melder_common.testing.postgres import PostgresCluster
from melder_operator.main import app

pytestmark = pytest.mark.integration

SERVICES = ("intake", "routing", "media", "notify")


@pytest.fixture
async def events(postgres: PostgresCluster) -> AsyncIterator[EventWorld]:
    """A database of its own with the event tables of all services."""
    metadata, schemas = event_schemas.declare(SERVICES)
    name = f"doctor_{new_id().hex}"
    admin = create_async_engine(
        postgres.url("postgres", "melder_admin"), isolation_level="AUTOCOMMIT"
    )
    async with admin.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await admin.dispose()
    engine = create_async_engine(postgres.url(name, "melder_admin"))
    await event_schemas.create(engine, metadata, SERVICES)
    yield EventWorld(engine, metadata, schemas)
    await engine.dispose()


async def consult(url: str, *more: str) -> tuple[int, str]:
    """Exit code and words; in a thread, because the command starts a loop of its own."""
    arguments = ["doctor", "--database-url", url, *more]
    done = await asyncio.to_thread(CliRunner().invoke, app, arguments)
    return done.exit_code, done.output


def url_of(events: EventWorld) -> str:
    return events.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


async def test_a_sound_installation_is_sound(events: EventWorld) -> None:
    code, said = await consult(url_of(events))
    assert code == 0, said
    assert "BAD" not in said
    for service in ("intake", "routing", "media", "notify"):
        assert f"{service}: 0 dead letters" in said


async def test_a_service_that_does_not_answer_is_named(events: EventWorld) -> None:
    (port,) = free_ports(1)
    code, said = await consult(url_of(events), "--service", f"intake=http://127.0.0.1:{port}")
    assert code == 1
    assert "BAD  intake: " in said


async def test_lag_dead_letters_and_late_timers_are_named(events: EventWorld) -> None:
    await events.execute(
        "INSERT INTO intake.log_head (partition, head, published) VALUES (1, 5000, 5000)"
    )
    await events.execute(
        "INSERT INTO routing.cursor (speaker, partition, position) VALUES ('intake', 1, 10)"
    )
    await events.execute(
        "INSERT INTO notify.due (kind, key, at, payload)"
        " VALUES ('send_mail', 'x', now() - interval '1 hour', '{}')"
    )
    code, said = await consult(url_of(events))
    assert code == 1
    assert "BAD  routing: 4990 events behind intake/1" in said
    assert "BAD  notify: 1 timers overdue" in said


async def test_a_log_that_was_set_back_is_named(events: EventWorld) -> None:
    await events.execute(
        "INSERT INTO intake.log_head (partition, head, published) VALUES (1, 5, 5)"
    )
    await events.execute(
        "INSERT INTO routing.cursor (speaker, partition, position) VALUES ('intake', 1, 7)"
    )
    code, said = await consult(url_of(events))
    assert code == 1
    assert "BAD  routing: 2 events ahead of intake/1" in said


async def test_a_schema_that_is_missing_is_named(events: EventWorld) -> None:
    await events.execute("DROP SCHEMA media CASCADE")
    code, said = await consult(url_of(events))
    assert code == 1
    assert "BAD  media: cannot be read" in said


async def test_a_database_that_is_away_is_named() -> None:
    (port,) = free_ports(1)
    code, said = await consult(f"postgresql://melder@127.0.0.1:{port}/melder")
    assert code == 1
    assert "BAD  intake: cannot be read" in said


async def test_a_password_file_that_is_missing_is_said_without_a_traceback(tmp_path: Path) -> None:
    missing = tmp_path / "password"
    url = "postgresql://melder_admin@127.0.0.1/melder"
    code, said = await consult(url, "--password-file", str(missing))
    assert code == 1
    assert said.startswith(f"cannot read the secret file {missing}")
    assert "Traceback" not in said
