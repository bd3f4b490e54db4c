"""Apply a region of all of Germany to an empty database: DIRECTORY DATA URL (for germany.py)."""

import asyncio
import sys
from pathlib import Path

from services.routing.tests.integration.germany_region import write_germany

from melder_common.database import make_engine
from melder_common.unit_of_work import UnitsOfWork
from melder_routing.store.metadata import EVENT_TABLES
from melder_routing.use_cases.apply_region import apply_region
from melder_routing.use_cases.read_region import read_region


async def _apply(directory: Path, data: Path, url: str) -> None:
    engine = make_engine(url, application_name="germany", pool_size=1, command_timeout_s=900)
    units = UnitsOfWork(engine, tables=EVENT_TABLES, speaker="routing", partitions=4)
    async with units.begin() as unit:
        await apply_region(unit, read_region(write_germany(directory, data)), ())
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(_apply(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
