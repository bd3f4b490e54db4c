"""What can go wrong with an Open311 endpoint, and whom it concerns: the line, or one case."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import quote, quote_plus

from melder_routing.domain.outside import pause_after

KEY_PAUSE = timedelta(minutes=15)
LONGEST_WISH = timedelta(hours=6)
"""A Retry-After beyond it is not believed."""


class Trouble(StrEnum):
    """Codes, stored and counted; their German words stand in the desk's ``outside_words.py``."""

    UNREACHABLE = "unreachable"
    BUSY = "busy"
    KEY_REFUSED = "key_refused"
    KEY_MISSING = "key_missing"
    SERVER_ERROR = "server_error"
    REDIRECTED = "redirected"
    UNREADABLE = "unreadable"
    UNCLEAR = "unclear"
    REFUSED = "refused"
    NO_SERVICE = "no_service"
    PHOTO_MISSING = "photo_missing"


FOR_CLERKS = frozenset({Trouble.UNCLEAR, Trouble.REFUSED, Trouble.NO_SERVICE})
"""Trying again by itself is useless, or would make two of one: a clerk decides."""

OF_THE_LINE = frozenset(
    {
        Trouble.UNREACHABLE,
        Trouble.BUSY,
        Trouble.KEY_REFUSED,
        Trouble.KEY_MISSING,
        Trouble.REDIRECTED,
    }
)
"""They concern every case of the endpoint, so that all of them wait."""

_KEYS = frozenset({Trouble.KEY_REFUSED, Trouble.KEY_MISSING, Trouble.REDIRECTED})


class EndpointFailed(Exception):
    """A call that did not succeed. ``words`` are the other side's own, shortened."""

    def __init__(
        self, trouble: Trouble, words: str = "", *, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(f"{trouble}: {words}" if words else str(trouble))
        self.trouble = trouble
        self.words = words[:500]
        self.retry_after = retry_after

    def without(self, secret: str | None) -> "EndpointFailed":
        """The same failure, also where the other side repeats the key in its words."""
        if not secret:
            return self
        words = self.words
        for spelling in {secret, quote(secret, safe=""), quote_plus(secret)}:
            words = words.replace(spelling, "…")
        return EndpointFailed(self.trouble, words, retry_after=self.retry_after)


@dataclass(frozen=True, slots=True)
class Pause:
    """Until when nothing is tried, and whether that holds for the whole endpoint."""

    until: datetime
    for_all: bool


def pause_for(failed: EndpointFailed, failures: int, now: datetime, chance: float) -> Pause:
    """How long to wait after the ``failures``-th failure in a row; a wrong key never loops fast."""
    pause = pause_after(failures, chance)
    if failed.trouble in _KEYS:
        pause = max(pause, KEY_PAUSE)
    if failed.retry_after is not None:
        pause = max(pause, min(failed.retry_after, LONGEST_WISH))
    return Pause(now + pause, failed.trouble in OF_THE_LINE)
