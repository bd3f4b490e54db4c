"""A program that may post by Open311: what it may, and for how long each of its keys is good."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

KEY_PREFIX = "melder_"
"""Lets scanners of repositories recognise a key that leaked."""


@dataclass(frozen=True, slots=True)
class ApiClient:
    """Who posts. ``services``: the only codes it may report; empty means all.

    A ``peer`` is the other side of an outgoing connection: routing knows it by its name and never
    hands its reports back to it.
    """

    client_id: UUID
    name: str
    requests_per_minute: int
    requests_per_day: int | None = None
    services: frozenset[str] = frozenset()
    peer: bool = False

    def may_report(self, service: str) -> bool:
        """Whether the client may report in this category."""
        return not self.services or service in self.services


@dataclass(frozen=True, slots=True)
class ClientRecord:
    """Everything kept of a client, for operators; keys only as whether and until when."""

    client: ApiClient
    contact: str | None
    note: str | None
    created_at: datetime
    rotated_at: datetime | None
    previous_key_until: datetime | None
    revoked_at: datetime | None
    last_used_on: date | None

    def old_key_good_until(self, now: datetime) -> datetime | None:
        """The end of the overlap that is running, None when only one key is good."""
        until = self.previous_key_until
        return until if until and until > now and not self.revoked_at else None


class ClientRefused(ValueError):
    """An operator's wish that cannot be; the message names the value and the remedy."""
