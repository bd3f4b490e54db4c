"""Bearing with others: one more try after a lost connection, and a fuse for slow neighbours."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from melder_common.database import is_disconnect

T = TypeVar("T")

_log = structlog.get_logger("melder.resilience")


async def retry_once_on_disconnect(work: Callable[[], Awaitable[T]]) -> T:
    """Run ``work``, and once more when the database connection was lost.

    Only for work that may happen twice: its ids are minted before, and it looks for them first,
    because the lost connection may have carried the commit.
    """
    try:
        return await work()
    except Exception as error:
        if not is_disconnect(error):
            raise
        _log.warning("connection_lost_trying_again", error=error)
    return await work()


class CircuitBreaker:
    """Stops asking somebody who does not answer; after ``rest_s`` one call may try again."""

    def __init__(
        self,
        *,
        failures: int = 5,
        rest_s: float = 10,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = failures
        self._rest_s = rest_s
        self._clock = clock
        self._failed = 0
        self._closed_until = 0.0

    def allows(self) -> bool:
        """Whether a call may be made now. After the rest exactly one is let through."""
        if self._failed < self._limit:
            return True
        now = self._clock()
        if now < self._closed_until:
            return False
        self._closed_until = now + self._rest_s
        return True

    def succeeded(self) -> None:
        """The call went well: all is forgotten."""
        self._failed = 0

    def fail(self) -> None:
        """The call failed; the last straw opens the circuit."""
        self._failed += 1
        if self._failed >= self._limit:
            self._closed_until = self._clock() + self._rest_s
