"""A contact: how a reporter can be reached, in which state, and for how long it is kept."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit
from uuid import UUID


class ContactState(StrEnum):
    """What is known about the e-mail address of a contact."""

    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    UNSUBSCRIBED = "unsubscribed"
    NOT_ME = "not_me"
    ERASED = "erased"


UNREACHABLE = frozenset({ContactState.UNSUBSCRIBED, ContactState.NOT_ME, ContactState.ERASED})
"""States in which no mail leaves any more."""


class UnreadableContact(ValueError):
    """An envelope was opened, but what lay inside is no contact."""


@dataclass(frozen=True, slots=True)
class ContactDetails:
    """What lies in the sealed envelope. It exists in memory only, for as long as one mail takes."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    account: str | None = None
    tracking_url: str | None = None
    number: str | None = None

    def __repr__(self) -> str:
        """Nothing of the person, so that no traceback or log line tells it."""
        return "ContactDetails(…)"

    def without_email(self) -> "ContactDetails":
        """The rest, once the address is to be forgotten."""
        return replace(self, email=None)

    def to_json(self) -> bytes:
        """The plain text of the box at rest."""
        return json.dumps(asdict(self), ensure_ascii=False).encode()

    @classmethod
    def from_json(cls, plain: bytes) -> "ContactDetails":
        """Read an opened box; unknown fields are ignored. Raises UnreadableContact."""
        try:
            fields = json.loads(plain)
            known = {name: _text(fields.get(name)) for name in cls.__dataclass_fields__}
        except (ValueError, AttributeError) as broken:
            raise UnreadableContact("the opened envelope holds no JSON object") from broken
        return cls(**{**known, "tracking_url": _web_address(known["tracking_url"])})


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _web_address(value: str | None) -> str | None:
    if value is None or any(character <= " " for character in value):
        return None
    parts = urlsplit(value)
    return value if parts.scheme in {"http", "https"} and parts.hostname else None


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact's row without its box. ``channels``: kinds that exist, never their values."""

    contact_id: UUID
    report_id: UUID
    state: ContactState
    channels: tuple[str, ...]
    status_mailed_at: datetime | None = None
    receipt_id: UUID | None = None

    @property
    def mailable(self) -> bool:
        """Whether there is an address that may still be written to."""
        return "email" in self.channels and self.state not in UNREACHABLE


@dataclass(frozen=True, slots=True)
class Retention:
    """How long contacts are kept; each a setting."""

    unconfirmed: timedelta = timedelta(days=7)
    after_closing: timedelta = timedelta(days=90)
