"""How much of its quota a client has used, as one of several processes knows it.

A quota is a bucket that leaks (GCRA, ITU-T I.371), as in ``melder_common.rate_limit``; kept is the
moment until which it is filled. Each process counts by itself and tells the others, by way of the
database, at least every second and after a twentieth of the quota: so several processes together
let pass at most a twentieth each too much, and small quotas are exact.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from melder_intake.domain.api_client import ApiClient

TOLD_AFTER_S = 1.0
TOLD_AFTER_SHARE = 20

RULES: Mapping[str, int] = {"minute": 60, "day": 86_400}
"""The rules and their spans in seconds."""


@dataclass(frozen=True, slots=True)
class Quota:
    """``number`` requests in ``seconds``."""

    number: int
    seconds: int

    @property
    def step(self) -> float:
        """Seconds by which one request fills the bucket."""
        return self.seconds / self.number


def quotas_of(client: ApiClient) -> dict[str, Quota]:
    """The client's quotas by rule."""
    quotas = {"minute": Quota(client.requests_per_minute, RULES["minute"])}
    if client.requests_per_day is not None:
        quotas["day"] = Quota(client.requests_per_day, RULES["day"])
    return quotas


@dataclass(slots=True)
class Usage:
    """One client's use. ``untold``: requests counted here that nobody else knows of yet."""

    filled_until: dict[str, float] = field(default_factory=dict)
    untold: int = 0
    told_at: float = -math.inf

    def must_tell(self, client: ApiClient, now: float) -> bool:
        """Whether the next request is to be counted in the database."""
        least = min(quota.number for quota in quotas_of(client).values())
        lately = 0 <= now - self.told_at < TOLD_AFTER_S  # not before: the clock was set back
        return not lately or self.untold >= least // TOLD_AFTER_SHARE

    def begin_telling(self, client: ApiClient, now: float) -> dict[str, float]:
        """The seconds to fill each bucket by: what was untold, and one request more."""
        count, self.untold, self.told_at = self.untold + 1, 0, now
        return {rule: count * quota.step for rule, quota in quotas_of(client).items()}

    def learn(self, client: ApiClient, filled_until: Mapping[str, float], now: float) -> int:
        """Take what the database says, this request included; seconds to wait, 0 if it may pass."""
        self.filled_until = dict(filled_until)
        wait = self._wait(client, now, ahead=0)
        if wait:
            self.untold -= 1
        return wait

    def count(self, client: ApiClient, now: float) -> int:
        """Count one request here alone; seconds to wait when it may not pass, else 0."""
        wait = self._wait(client, now, ahead=self.untold + 1)
        if not wait:
            self.untold += 1
        return wait

    def _wait(self, client: ApiClient, now: float, *, ahead: int) -> int:
        waits = [
            max(self.filled_until.get(rule, now), now) + ahead * quota.step - quota.seconds - now
            for rule, quota in quotas_of(client).items()
        ]
        longest = max(waits)
        return math.ceil(longest) if longest > 1e-3 else 0
