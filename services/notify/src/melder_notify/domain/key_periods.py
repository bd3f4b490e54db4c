"""Periods of sealing keys: months (``2026-11``, UTC). When one begins, ends, and may go."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

LOG_RETENTION = timedelta(days=14)
"""How long outboxes, streams and dead letters may hold a period's envelopes."""


def next_period(known: Collection[str], now: datetime) -> str:
    """The period to create next: this month when it has no key yet, else after the newest."""
    current = now.astimezone(UTC).strftime("%Y-%m")
    newest = max(known, default="")
    return current if newest < current else _after(newest)


def needed_until(key_id: str, known: Collection[str]) -> datetime | None:
    """When the logs have forgotten the period's envelopes; None while no later key follows it."""
    later = [other for other in known if other > key_id]
    if not later:
        return None
    year, month = map(int, min(later).split("-"))
    return datetime(year, month, 1, tzinfo=UTC) + LOG_RETENTION


def _after(period: str) -> str:
    year, month = map(int, period.split("-"))
    return f"{year + month // 12}-{month % 12 + 1:02}"
