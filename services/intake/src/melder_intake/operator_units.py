"""How the operator's commands reach the database: one connection, one unit of work."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from melder_common.database import make_engine
from melder_common.settings import load_settings
from melder_common.unit_of_work import UnitOfWork, UnitsOfWork
from melder_intake.settings import IntakeSettings
from melder_intake.store.tables import event_tables

T = TypeVar("T")


def in_one_unit(work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
    """Do ``work`` in a unit of work by the service's own settings. Raises SettingsError."""
    settings = load_settings(IntakeSettings)

    async def run() -> T:
        engine = make_engine(
            settings.database_url,
            password_file=settings.database_password_file,
            application_name="intake operator",
            pool_size=1,
        )
        units = UnitsOfWork(
            engine, tables=event_tables, speaker="intake", partitions=settings.partitions
        )
        try:
            async with units.begin() as unit:
                return await work(unit)
        finally:
            await engine.dispose()

    return asyncio.run(run())
