"""Signed grants: routing says what a clerk may do elsewhere, the other service checks it offline.

Ed25519 (RFC 8032) over the payload; 60 seconds long; one audience, clerk, action and object.
"""

import re
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import orjson
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from melder_common.ids import new_id
from melder_common.secret_files import write_public, write_secret
from melder_common.settings import SettingsError, read_secret

LIFETIME = timedelta(seconds=60)
CLOCK_SKEW = timedelta(seconds=5)

_PRIVATE = bytes.fromhex("302e020100300506032b657004220420")
_PUBLIC = bytes.fromhex("302a300506032b6570032100")
"""DER of an Ed25519 key up to its 32 bytes: PKCS #8 and SubjectPublicKeyInfo (RFC 8410)."""
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
    private_key: SigningKey,
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
    return f"{_encode(payload)}.{_encode(private_key.sign(_CONTEXT + payload).signature)}"


def verify_grant(
    public_key: VerifyKey,
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


def _signed_payload(public_key: VerifyKey, token: str) -> bytes:
    if len(token) > _LONGEST or not token.isascii():
        raise GrantRefused("malformed", "this is no grant")
    encoded, _, signature = token.partition(".")
    try:
        payload = _decode(encoded)
        public_key.verify(_CONTEXT + payload, _decode(signature))
    except BadSignatureError:
        raise GrantRefused("signature", "the grant was not signed by this installation") from None
    except (Base64Error, ValueError):
        raise GrantRefused("malformed", "this is no grant") from None
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


def load_private_key(path: Path) -> SigningKey:
    """The key that signs grants, from a PEM file (PKCS #8). Raises SettingsError."""
    return SigningKey(_read_pem(path, "PRIVATE KEY", _PRIVATE))


def load_public_key(path: Path) -> VerifyKey:
    """The key that checks grants, from a PEM file. Raises SettingsError."""
    return VerifyKey(_read_pem(path, "PUBLIC KEY", _PUBLIC))


def generate_grant_keys(private_path: Path, public_path: Path) -> None:
    """Write a fresh pair of PEM files. Raises FileExistsError rather than replace a key."""
    key = SigningKey.generate()
    write_secret(private_path, _as_pem("PRIVATE KEY", _PRIVATE + bytes(key)))
    write_public(public_path, _as_pem("PUBLIC KEY", _PUBLIC + bytes(key.verify_key)))


def _read_pem(path: Path, label: str, prefix: bytes) -> bytes:
    """The 32 bytes of an Ed25519 key: everything before them is the same in each (RFC 8410)."""
    pem = re.fullmatch(
        rf"-----BEGIN {label}-----\s+([A-Za-z0-9+/=\s]+)-----END {label}-----", read_secret(path)
    )
    if pem is None:
        raise SettingsError(f"{path} holds no PEM {label.lower()}")
    try:
        der = b64decode("".join(pem[1].split()), validate=True)
    except ValueError:
        raise SettingsError(f"{path} holds no PEM {label.lower()}") from None
    if len(der) != len(prefix) + 32 or not der.startswith(prefix):
        raise SettingsError(f"{path} must hold an Ed25519 key")
    return der[len(prefix) :]


def _as_pem(label: str, der: bytes) -> bytes:
    return f"-----BEGIN {label}-----\n{b64encode(der).decode()}\n-----END {label}-----\n".encode()
