"""The migrations build exactly what the code believes to find."""

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from melder_common.database import make_engine
from melder_notify.store.tables import metadata
from melder_notify.timers import ROUNDS, plan_missing_rounds

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


async def test_the_rounds_are_planned_by_the_migration(service_database: Any) -> None:
    engine = make_engine(await service_database("notify"), application_name="test")
    async with engine.connect() as connection:
        planned = await connection.exec_driver_sql("SELECT kind FROM notify.due")
        assert sorted(planned.scalars()) == sorted(ROUNDS)
    await engine.dispose()


async def test_lost_rounds_are_planned_again(town: Any) -> None:
    assert await plan_missing_rounds(town.units, town.office) == 0
    async with town.units.begin() as unit:
        await unit.connection.exec_driver_sql("DELETE FROM notify.due")
    assert await plan_missing_rounds(town.units, town.office) == len(ROUNDS)
    assert await plan_missing_rounds(town.units, town.office) == 0
