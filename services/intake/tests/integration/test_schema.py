"""The migrated schema is the one the code declares."""

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

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
