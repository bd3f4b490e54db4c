"""The migrations make exactly the tables that the code declares."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from melder_common.testing.plugin import ServiceDatabase
from melder_media.store.tables import SCHEMA, metadata

pytestmark = pytest.mark.integration


def _drift(connection: Connection) -> list[object]:
    options = {
        "include_schemas": True,
        "include_name": lambda name, kind, _parents: kind != "schema" or name == SCHEMA,
        "version_table_schema": SCHEMA,
        "compare_type": True,
        "compare_server_default": False,
    }
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


async def test_schema_equals_tables(service_database: ServiceDatabase) -> None:
    engine = create_async_engine(await service_database("media"))
    async with engine.connect() as connection:
        assert await connection.run_sync(_drift) == []
    await engine.dispose()
