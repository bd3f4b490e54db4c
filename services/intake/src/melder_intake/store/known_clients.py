"""API clients in memory for a few seconds, so that a burst of reports asks the database once."""

import time
from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncEngine

from melder_common.clock import Clock, utc_now
from melder_intake.domain.api_client import ApiClient
from melder_intake.store.api_clients import find_client, hash_of_key

REMEMBERED_S = 5.0
"""How long a revoked key, or one whose overlap is over, may still be taken."""
MOST_REMEMBERED = 1000


class KnownClients:
    """Only keys that were right are remembered, by their hash."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        clock: Callable[[], float] = time.monotonic,
        today: Clock = utc_now,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._today = today
        self._known: dict[bytes, tuple[float, ApiClient]] = {}

    async def find(self, key: str) -> ApiClient | None:
        """The client behind ``key``, None when it is wrong, over or revoked."""
        hashed = hash_of_key(key)
        until, client = self._known.get(hashed, (0.0, None))
        if client is not None and self._clock() < until:
            return client
        self._known.pop(hashed, None)
        async with self._engine.connect() as connection:
            found = await find_client(connection, key, self._today())
        if found is not None:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[hashed] = (self._clock() + REMEMBERED_S, found)
        return found
