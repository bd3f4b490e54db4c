"""Migrations: every service brings its own, and all run them in the same careful way.

``commands.py`` calls ``run_migrations(settings, "melder_intake")``; the ``env.py`` of every service
is one call of ``run_environment(metadata)``; its first revision calls ``create_event_tables``.
"""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog
from alembic import command, context, op
from alembic.config import Config
from sqlalchemy import Connection, MetaData, NullPool, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from melder_common.database import sqlstate_of
from melder_common.settings import ServiceSettings, read_secret
from melder_common.tables import EventTables

LOCK_TIMEOUT = "2s"
TRIES = 6
LOOK_EVERY_S = 0.5
_LOCK_NOT_AVAILABLE = "55P03"

_log = structlog.get_logger()


def create_event_tables(schema: str, *, users: Sequence[str] = ()) -> None:
    """Create the tables of ``EventTables`` in ``schema``; for a service's first revision.

    ``users`` are login roles beside the schema's owner that speak, hear or plan timers. Later
    changes of these tables come as further functions of this module, which later revisions call.
    """
    metadata = MetaData()
    EventTables(metadata, schema)
    metadata.create_all(op.get_bind(), checkfirst=False)
    for table in metadata.sorted_tables:
        for user in users:
            op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table.fullname} TO {user}")


def run_migrations(settings: ServiceSettings, package: str) -> None:
    """Bring the schema of ``package`` (``melder_intake`` → ``intake``) to its newest revision."""
    migrate(settings.database_url, package, password_file=settings.database_password_file)


def migrate(url: str, package: str, *, password_file: Path | None = None) -> None:
    """As ``run_migrations``, for the database at ``url`` (postgresql+asyncpg://…).

    Replicas may run it at once: one works, the others wait and find nothing to do. A revision that
    cannot get a table's lock within 2 s lets the traffic pass and tries again, six times in all.
    """
    asyncio.run(_migrate(url, package, password_file))


def run_environment(metadata: MetaData) -> None:
    """Run the revisions; the whole of a service's ``env.py``. ``metadata`` names the schema."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table_schema=metadata.schema,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _migrate(url: str, package: str, password_file: Path | None) -> None:
    arguments: dict[str, Any] = {"server_settings": {"application_name": f"{package} migrate"}}
    if password_file is not None:
        arguments["password"] = read_secret(password_file)
    engine = create_async_engine(url, poolclass=NullPool, connect_args=arguments)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_upgrade, package)
    finally:
        await engine.dispose()


def _wait_for_turn(connection: Connection, package: str) -> None:
    """Let one process migrate at a time.

    Asking again and again holds no snapshot meanwhile: whoever waits within a statement would keep
    the ``CREATE INDEX CONCURRENTLY`` of the one that works from ending.
    """
    turn = text("SELECT pg_try_advisory_lock(hashtext(:name))")
    while not connection.scalar(turn, {"name": package}):
        connection.rollback()
        time.sleep(LOOK_EVERY_S)
    connection.commit()


def _upgrade(connection: Connection, package: str) -> None:
    schema = package.removeprefix("melder_")
    _wait_for_turn(connection, package)
    if not connection.scalar(text("SELECT to_regnamespace(:schema)"), {"schema": schema}):
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.commit()
    config = Config()
    config.set_main_option("script_location", f"{package}:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    for attempt in range(1, TRIES + 1):
        try:
            command.upgrade(config, "head")
        except DBAPIError as error:
            connection.rollback()
            if sqlstate_of(error) != _LOCK_NOT_AVAILABLE or attempt == TRIES:
                raise
            _log.warning("migration_waits_for_lock", package=package, attempt=attempt)
            time.sleep(2**attempt / 2)
        else:
            connection.commit()
            return
