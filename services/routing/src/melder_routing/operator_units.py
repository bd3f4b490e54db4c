"""How the operator's commands reach the database: one connection, patient."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from melder_common.database import make_engine
from melder_common.settings import load_settings
from melder_common.unit_of_work import UnitsOfWork
from melder_routing.settings import RoutingSettings
from melder_routing.store.metadata import EVENT_TABLES

PATIENCE_S = 900.0
"""Uniting and buffering the outline of a whole country takes minutes."""


@asynccontextmanager
async def operator_units() -> AsyncIterator[UnitsOfWork]:
    """Units of work by the service's own settings. Raises SettingsError."""
    settings = load_settings(RoutingSettings)
    engine = make_engine(
        settings.database_url,
        password_file=settings.database_password_file,
        application_name="melder operator",
        pool_size=1,
        command_timeout_s=PATIENCE_S,
    )
    try:
        yield UnitsOfWork(
            engine, tables=EVENT_TABLES, speaker="routing", partitions=settings.partitions
        )
    finally:
        await engine.dispose()
