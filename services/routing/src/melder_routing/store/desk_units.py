"""Transactions of the desk: opened as ``routing_desk`` and told the clerk's scope at once."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.unit_of_work import UnitOfWork, UnitsOfWork
from melder_routing.domain.clerk import Scope

_TELL = text(
    "SELECT set_config('melder.queues', :queues, true),"
    " set_config('melder.work_queues', :work_queues, true),"
    " set_config('melder.bodies', :bodies, true),"
    " set_config('melder.work_bodies', :work_bodies, true),"
    " set_config('melder.border_bodies', :border_bodies, true),"
    " set_config('melder.taking_bodies', :taking_bodies, true)"
)


class DeskUnits:
    """Opens transactions for clerks. ``units`` is on the desk's own engine (``routing_desk``)."""

    def __init__(self, units: UnitsOfWork) -> None:
        self._units = units

    @asynccontextmanager
    async def begin(self, scope: Scope) -> AsyncIterator[UnitOfWork]:
        """A unit of work in which row-level security knows ``scope``."""
        async with self._units.begin() as unit:
            await tell_scope(unit.connection, scope)
            yield unit

    @asynccontextmanager
    async def read(self, scope: Scope) -> AsyncIterator[AsyncConnection]:
        """A read-only transaction in which row-level security knows ``scope``."""
        async with self._units.engine.connect() as connection, connection.begin():
            await tell_scope(connection, scope)
            yield connection

    @asynccontextmanager
    async def begin_unscoped(self) -> AsyncIterator[UnitOfWork]:
        """A unit before anybody is known (login, sessions): row-level security shows no case."""
        async with self._units.begin() as unit:
            yield unit


async def tell_scope(connection: AsyncConnection, scope: Scope) -> None:
    """Set the scope for this transaction only; a pooled connection keeps nothing of it."""
    await connection.execute(
        _TELL,
        {
            "queues": _list(scope.queues),
            "work_queues": _list(scope.work_queues),
            "bodies": _list(scope.bodies),
            "work_bodies": _list(scope.work_bodies),
            "border_bodies": _list(scope.border_bodies),
            "taking_bodies": _list(scope.taking_bodies),
        },
    )


def _list(slugs: Iterable[str]) -> str:
    """Slugs hold no comma (a check in the database), so commas may part them."""
    return ",".join(sorted(slugs))
