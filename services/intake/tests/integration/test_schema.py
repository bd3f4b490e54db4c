"""The migrated schema is the one the code declares; operators can make and end keys."""

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from typer.testing import CliRunner

from melder_intake.store.api_clients import find_client
from melder_intake.store.tables import metadata


def _drift(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(
        connection,
        opts={
            "include_schemas": True,
            "include_name": lambda name, kind, _parents: kind != "schema" or name == "intake",
            "version_table_schema": "intake",
        },
    )
    return list(compare_metadata(context, metadata))


@pytest.mark.filterwarnings(
    "ignore:Did not recognize type 'geometry'"
)  # PostGIS's, compared by name
async def test_migrations_build_what_the_tables_say(service_database: Any) -> None:
    engine = create_async_engine(await service_database("intake"))
    async with engine.connect() as connection:
        assert await connection.run_sync(_drift) == []
    await engine.dispose()


def test_an_operator_creates_and_revokes_a_key(
    databases: Any, postgres: Any, secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio

    from melder_intake.commands import operator

    name = asyncio.run(databases.clone("intake"))
    url = postgres.url(name, "melder_intake")
    for key, value in {
        "DATABASE_URL": url,
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "PORT": "8101",
        "INTERNAL_TOKEN_FILE": secrets / "internal_token",
        "TRACKING_KEY_FILE": secrets / "tracking_key",
        "FORM_KEY_FILE": secrets / "form_key",
        "SEALING_PUBLIC_DIR": secrets / "public",
    }.items():
        monkeypatch.setenv(f"INTAKE_{key}", str(value))
    made = CliRunner().invoke(operator, ["api-key", "create", "Stadt-App", "--per-minute", "5"])
    assert made.exit_code == 0, made.output
    key = made.output.strip()

    async def find() -> Any:
        engine = create_async_engine(url)
        async with engine.connect() as connection:
            found = await find_client(connection, key)
        await engine.dispose()
        return found

    client = asyncio.run(find())
    assert (client.name, client.requests_per_minute) == ("Stadt-App", 5)
    assert CliRunner().invoke(operator, ["api-key", "revoke", "Stadt-App"]).exit_code == 0
    assert asyncio.run(find()) is None
    assert CliRunner().invoke(operator, ["api-key", "revoke", "Stadt-App"]).exit_code == 1
    asyncio.run(databases.drop(name))
