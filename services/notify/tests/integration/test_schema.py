"""The migrations build exactly what the code believes to find."""

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from melder_notify.store.tables import metadata

pytestmark = pytest.mark.integration


async def test_migrations_and_tables_agree(town: Any) -> None:
    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": True,
                "include_schemas": True,
                "include_name": lambda name, kind, _parents: kind != "schema" or name == "notify",
                "include_object": lambda _object, name, *_rest: name != "alembic_version",
            },
        )
        return list(compare_metadata(context, metadata))

    async with town.units.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_the_database_itself_refuses_a_second_record(town: Any) -> None:
    from sqlalchemy.exc import IntegrityError

    await town.submit()
    copy = (
        "INSERT INTO notify.notification "
        "(notification_id, report_id, contact_id, event_id, kind, queued_at) "
        "SELECT gen_random_uuid(), report_id, contact_id, {event}, {kind}, queued_at "
        "FROM notify.notification"
    )
    for event, kind in (("event_id", "kind"), ("gen_random_uuid()", "'receipt'")):
        with pytest.raises(IntegrityError):
            async with town.units.begin() as unit:
                await unit.connection.exec_driver_sql(copy.format(event=event, kind=kind))
