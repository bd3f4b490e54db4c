"""The time, as one function that tests can replace."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The present moment by this machine, with its zone."""
    return datetime.now(UTC)


class SharedClock:
    """One time for all processes: the database's, carried on by ticks between two looks at it.

    A jump of this machine's clock does not move it. Until the first look it is this machine's.
    """

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._seen: tuple[datetime, float] | None = None

    def __call__(self) -> datetime:
        """The present moment, with its zone."""
        return self._at(self._ticks())

    @property
    def known(self) -> bool:
        """Whether there was a look yet."""
        return self._seen is not None

    def ticks(self) -> float:
        """Seconds since whenever, which never jump."""
        return self._ticks()

    def set(self, at: datetime, *, asked: float, answered: float) -> None:
        """Note that it was ``at`` at some tick between these two.

        As long as that may be true already, nothing moves: a slow answer is no reason to doubt.
        """
        if self._seen is None or not self._at(asked) <= at <= self._at(answered):
            self._seen = at, (asked + answered) / 2

    def _at(self, ticks: float) -> datetime:
        if self._seen is None:
            return utc_now()
        at, then = self._seen
        return at + timedelta(seconds=ticks - then)
