"""The catalogue in memory: read again when its revision has moved, looked at once a second."""

import asyncio
import time
from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncEngine

from melder_intake.store.catalogue import Reception, find_reception, get_revision

LOOK_EVERY_S = 1.0


class CurrentReception:
    """What this process takes for current; never older than a second plus one query."""

    def __init__(self, engine: AsyncEngine, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._clock = clock
        self._known: Reception | None = None
        self._looked_at = float("-inf")
        self._looking = asyncio.Lock()

    async def get(self) -> Reception | None:
        """The catalogue in force; None before the first complete one."""
        if self._clock() - self._looked_at < LOOK_EVERY_S:
            return self._known
        async with self._looking:
            if self._clock() - self._looked_at >= LOOK_EVERY_S:
                await self._look()
        return self._known

    @property
    def last_known(self) -> Reception | None:
        """What was last read, however long ago: for showing a form while the database is away."""
        return self._known

    async def _look(self) -> None:
        async with self._engine.connect() as connection:
            revision = await get_revision(connection)
            if self._known is None or revision != self._known.revision:
                self._known = await find_reception(connection)
        # nothing is remembered while there is nothing: the first catalogue counts at once
        if self._known is not None:
            self._looked_at = self._clock()
