"""How the operator's commands reach the database: one connection, one unit of work."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from melder_common.operator_units import units_for_operator
from melder_common.settings import load_settings
from melder_common.unit_of_work import UnitOfWork
from melder_intake.settings import IntakeSettings
from melder_intake.store.tables import event_tables

T = TypeVar("T")


def in_one_unit(work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
    """Do ``work`` in a unit of work by the service's own settings. Raises SettingsError."""
    settings = load_settings(IntakeSettings)

    async def run() -> T:
        async with units_for_operator(settings, event_tables) as units, units.begin() as unit:
            return await work(unit)

    return asyncio.run(run())
