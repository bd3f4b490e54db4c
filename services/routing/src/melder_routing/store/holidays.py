"""The public holidays of the region, as its Land pack brought them."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_routing.domain.working_days import HolidayRules
from melder_routing.store.region_tables import region


async def find_holidays(connection: AsyncConnection) -> HolidayRules:
    """The region's holidays; none while no region has been applied."""
    stored = await connection.scalar(select(region.c.holidays))
    return HolidayRules.from_json(stored or {})
