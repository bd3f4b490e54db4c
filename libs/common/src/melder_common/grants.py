"""Signed grants: routing says what a clerk may do elsewhere, the other service checks it offline.

Ed25519 (RFC 8032) over the payload; 60 seconds long; one audience, clerk, action and object.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from melder_common.ids import new_id
from melder_common.secret_files import write_public, write_secret
from melder_common.settings import SettingsError, read_secret

LIFETIME = timedelta(seconds=60)
CLOCK_SKEW = timedelta(seconds=5)

_CONTEXT = b"melder-grant-v1."
_LONGEST = 2000


class GrantRefused(Exception):
    """A grant that allows nothing. ``code``: malformed, signature, expired, not_yet, mismatch."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Grant:
    """What a clerk was allowed; ``grant_id`` goes into the audit."""

    grant_id: UUID
    audience: str
    clerk_id: UUID
    action: str
    object_id: UUID
    report_id: UUID | None
    expires_at: datetime


def issue_grant(
    private_key: Ed25519PrivateKey,
    *,
    audience: str,
    clerk_id: UUID,
    action: str,
    object_id: UUID,
    report_id: UUID | None,
    now: datetime,
    ttl: timedelta = LIFETIME,
) -> str:
    """A URL-safe grant for one action on one object, valid from ``now`` for ``ttl``."""
    payload = orjson.dumps(
        {
            "id": str(new_id()),
            "aud": audience,
            "clk": str(clerk_id),
            "act": action,
            "obj": str(object_id),
            "rep": str(report_id) if report_id else None,
            "iat": int(now.timestamp()),
            "exp": int((now + ttl).timestamp()),
        }
    )
    return f"{_encode(payload)}.{_encode(private_key.sign(_CONTEXT + payload))}"


def verify_grant(
    public_key: Ed25519PublicKey,
    token: str,
    *,
    audience: str,
    action: str,
    object_id: UUID,
    now: datetime,
) -> Grant:
    """The grant behind ``token`` if it allows exactly this, now. Raises GrantRefused."""
    payload = _signed_payload(public_key, token)
    grant, issued_at = _read(payload)
    if (grant.audience, grant.action, grant.object_id) != (audience, action, object_id):
        raise GrantRefused("mismatch", "the grant is for something else")
    if now >= grant.expires_at:
        raise GrantRefused("expired", "the grant has expired: ask for a new one")
    if now < issued_at - CLOCK_SKEW:
        raise GrantRefused("not_yet", "the grant is not valid yet: check the clocks")
    return grant


def _signed_payload(public_key: Ed25519PublicKey, token: str) -> bytes:
    if len(token) > _LONGEST or not token.isascii():
        raise GrantRefused("malformed", "this is no grant")
    encoded, _, signature = token.partition(".")
    try:
        payload = _decode(encoded)
        public_key.verify(_decode(signature), _CONTEXT + payload)
    except (Base64Error, ValueError):
        raise GrantRefused("malformed", "this is no grant") from None
    except InvalidSignature:
        raise GrantRefused("signature", "the grant was not signed by this installation") from None
    return payload


def _read(payload: bytes) -> tuple[Grant, datetime]:
    try:
        facts = orjson.loads(payload)
        grant = Grant(
            grant_id=UUID(facts["id"]),
            audience=facts["aud"],
            clerk_id=UUID(facts["clk"]),
            action=facts["act"],
            object_id=UUID(facts["obj"]),
            report_id=UUID(facts["rep"]) if facts["rep"] else None,
            expires_at=datetime.fromtimestamp(facts["exp"], UTC),
        )
        return grant, datetime.fromtimestamp(facts["iat"], UTC)
    except (ValueError, KeyError, TypeError):
        raise GrantRefused("malformed", "this grant cannot be read") from None


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _encode(raw) != text:
        raise ValueError("not canonical Base64")
    return raw


def load_private_key(path: Path) -> Ed25519PrivateKey:
    """The key that signs grants, from a PEM file. Raises SettingsError."""
    try:
        key = load_pem_private_key(read_secret(path).encode(), password=None)
    except (ValueError, TypeError):
        raise SettingsError(f"{path} holds no PEM private key") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(f"{path} must hold an Ed25519 key")
    return key


def load_public_key(path: Path) -> Ed25519PublicKey:
    """The key that checks grants, from a PEM file. Raises SettingsError."""
    try:
        key = load_pem_public_key(read_secret(path).encode())
    except ValueError:
        raise SettingsError(f"{path} holds no PEM public key") from None
    if not isinstance(key, Ed25519PublicKey):
        raise SettingsError(f"{path} must hold an Ed25519 key")
    return key


def generate_grant_keys(private_path: Path, public_path: Path) -> None:
    """Write a fresh pair of PEM files. Raises FileExistsError rather than replace a key."""
    key = Ed25519PrivateKey.generate()
    write_secret(
        private_path,
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )
    write_public(
        public_path,
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    )
