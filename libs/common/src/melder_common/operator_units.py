"""How the operator's commands reach a service's database: one connection, no event runtime."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from melder_common.database import make_engine
from melder_common.settings import ServiceSettings
from melder_common.tables import EventTables
from melder_common.unit_of_work import UnitsOfWork


@asynccontextmanager
async def units_for_operator(
    settings: ServiceSettings, tables: EventTables, *, command_timeout_s: float | None = None
) -> AsyncIterator[UnitsOfWork]:
    """Units of work of the service that owns ``tables``.

    ``command_timeout_s``: longer than requests may take, for commands that do (``make_engine``).
    """
    service = tables.schema
    engine = make_engine(
        settings.database_url,
        password_file=settings.database_password_file,
        application_name=f"{service} operator",
        pool_size=1,
        command_timeout_s=command_timeout_s,
    )
    try:
        yield UnitsOfWork(engine, tables=tables, speaker=service, partitions=settings.partitions)
    finally:
        await engine.dispose()
