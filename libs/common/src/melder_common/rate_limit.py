"""How often somebody may ask: generous for shared addresses, honest with 429 and Retry-After.

Counted in this process, under a keyed hash of the address that changes every day, so that nothing
kept here says who somebody was.
"""

import hashlib
import hmac
import ipaddress
import math
import secrets
from collections.abc import Awaitable, Callable

from fastapi import Request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from melder_common.clock import Clock, utc_now
from melder_common.problems import Problem

Subject = Callable[[Request], str]


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
    """Counts per rule and subject in a moving window."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._counts = MovingWindowRateLimiter(MemoryStorage())
        self._hash = DailyHash(clock)
        self._clock = clock

    def check(self, rule: str, rate: str, subject: str) -> None:
        """Count one. ``rate`` as ``"60/minute"``. Raises Problem 429 when it was one too many."""
        limit = parse(rate)
        who = self._hash.of(f"{rule}\x00{subject}")
        if self._counts.hit(limit, rule, who):
            return
        reset = self._counts.get_window_stats(limit, rule, who).reset_time
        wait_s = max(1, math.ceil(reset - self._clock().timestamp()))
        raise Problem(
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
    parse(rate)

    async def check(request: Request) -> None:
        limiter.check(rule, rate, subject(request))

    return check
