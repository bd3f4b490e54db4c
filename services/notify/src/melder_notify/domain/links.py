"""Tokens of the /me pages: each is a capability for one act on one contact, and tells nothing."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from melder_common.tokens import TOKEN_LENGTH, equal, hmac_token


class Act(StrEnum):
    """What the holder of a link may do."""

    CONFIRM = "confirm"
    UNSUBSCRIBE = "unsubscribe"
    NOT_ME = "not-me"


class LinkRefused(ValueError):
    """The token was not made by us for this act."""


class LinkExpired(LinkRefused):
    """The token was ours, but its time is over."""


CONFIRM_WITHIN = timedelta(days=7)
_ID_LENGTH = 22


@dataclass(frozen=True, slots=True)
class LinkKey:
    """Makes and reads tokens: contact id, MAC, and for ``confirm`` the last second it is valid."""

    key: bytes = field(repr=False)

    def issue(self, act: Act, contact_id: UUID, now: datetime) -> str:
        """A token for ``act``; only ``confirm`` runs out, ``CONFIRM_WITHIN`` after ``now``."""
        expires = ""
        if act is Act.CONFIRM:
            expires = format(int((now + CONFIRM_WITHIN).timestamp()), "x")
        return _pack(contact_id) + self._mac(act, contact_id, expires) + expires

    def read(self, act: Act, token: str, now: datetime) -> UUID:
        """The contact the token stands for. Raises LinkExpired or LinkRefused."""
        packed, mac = token[:_ID_LENGTH], token[_ID_LENGTH : _ID_LENGTH + TOKEN_LENGTH]
        expires = token[_ID_LENGTH + TOKEN_LENGTH :]
        contact_id = _unpack(packed)
        if len(expires) > 12 or not equal(mac, self._mac(act, contact_id, expires)):
            raise LinkRefused("this link was not made here")
        if expires and datetime.fromtimestamp(int(expires, 16), UTC) < now:
            raise LinkExpired("this link is too old")
        return contact_id

    def _mac(self, act: Act, contact_id: UUID, expires: str) -> str:
        return hmac_token(self.key, f"notify.{act.value}", str(contact_id), expires)


def _pack(contact_id: UUID) -> str:
    return urlsafe_b64encode(contact_id.bytes).decode().rstrip("=")


def _unpack(packed: str) -> UUID:
    try:
        return UUID(bytes=urlsafe_b64decode(packed + "=="))
    except ValueError as broken:
        raise LinkRefused("this link is incomplete") from broken
