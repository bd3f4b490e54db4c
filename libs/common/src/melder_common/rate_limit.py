"""How often somebody may ask: generous for shared addresses, honest with 429 and Retry-After.

Counted in this process, under a keyed hash of the address that changes every day, so that nothing
kept here says who somebody was. A rate is a bucket that leaks (GCRA, ITU-T I.371): the whole number
may come at once, then one at a time as fast as the rate allows.
"""

import hashlib
import hmac
import ipaddress
import math
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import Request

from melder_common.clock import Clock, utc_now
from melder_common.problems import Problem

Subject = Callable[[Request], str]

MOST_SUBJECTS = 100_000
"""Beyond this many at once all counts begin anew: memory stays bounded, nobody is shut out."""

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


@dataclass(frozen=True, slots=True)
class Rate:
    """``number`` requests in ``seconds``."""

    number: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> "Rate":
        """From ``"60/minute"``. Raises ValueError."""
        number, _, unit = text.partition("/")
        if not number.isdecimal() or not int(number) or unit not in _SECONDS:
            raise ValueError(f"{text!r} is no rate: write e.g. 60/minute")
        return cls(int(number), _SECONDS[unit])


class DailyHash:
    """A keyed hash whose key is random and is thrown away at midnight (UTC)."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._day = ""
        self._key = b""

    def of(self, subject: str) -> str:
        """32 hexadecimal characters, the same for a subject all day long."""
        today = self._clock().date().isoformat()
        if today != self._day:
            self._day, self._key = today, secrets.token_bytes(32)
        return hmac.new(self._key, subject.encode(), hashlib.sha256).hexdigest()[:32]


def client_network(request: Request) -> str:
    """The client's IPv4 address or IPv6 /64 (one household has as many addresses as it likes)."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
    return host


class RateLimiter:
    """Counts per rule and subject; kept is only the moment at which each bucket is empty again.

    Moments are ticks, which never jump: a clock set back would shut everybody out until then.
    """

    def __init__(
        self, clock: Clock = utc_now, *, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._empty_at: dict[str, float] = {}
        self._hash = DailyHash(clock)
        self._ticks = ticks

    def check(self, rule: str, rate: str, subject: str) -> None:
        """Count one. ``rate`` as ``"60/minute"``. Raises Problem 429 when it was one too many."""
        allowed = Rate.parse(rate)
        now = self._ticks()
        who = self._hash.of(f"{rule}\x00{subject}")
        filled_until = max(self._empty_at.get(who, now), now) + allowed.seconds / allowed.number
        wait_s = filled_until - allowed.seconds - now
        if wait_s > 1e-6:
            raise too_many(math.ceil(wait_s))
        if who not in self._empty_at and len(self._empty_at) >= MOST_SUBJECTS:
            self._make_room(now)
        self._empty_at[who] = filled_until

    def _make_room(self, now: float) -> None:
        self._empty_at = {who: at for who, at in self._empty_at.items() if at > now}
        if len(self._empty_at) >= MOST_SUBJECTS:
            self._empty_at.clear()


def too_many(wait_s: int) -> Problem:
    """429, saying when to come back."""
    return Problem(
        429,
        "too-many-requests",
        "Too many requests",
        f"Please try again in {wait_s} seconds.",
        headers={"Retry-After": str(wait_s)},
    )


def limit_rate(
    limiter: RateLimiter, rule: str, rate: str, subject: Subject = client_network
) -> Callable[[Request], Awaitable[None]]:
    """A FastAPI dependency: at most ``rate`` requests per ``subject`` under the name ``rule``."""
    Rate.parse(rate)

    async def check(request: Request) -> None:
        limiter.check(rule, rate, subject(request))

    return check
