"""Tokens that need no table: an HMAC over what they stand for."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from pathlib import Path

from melder_common.settings import SettingsError, read_secret

TOKEN_LENGTH = 32


def hmac_token(key: bytes, purpose: str, *parts: str) -> str:
    """A URL-safe token of 32 characters (192 bits) that only a holder of ``key`` can make.

    ``purpose`` keeps tokens of different kinds apart; parts are framed by their lengths, so that
    ("ab", "c") and ("a", "bc") differ.
    """
    mac = hmac.new(key, digestmod=hashlib.sha256)
    for part in (purpose, *parts):
        raw = part.encode()
        mac.update(len(raw).to_bytes(4, "big") + raw)
    return urlsafe_b64encode(mac.digest()[:24]).decode()


def equal(a: str, b: str) -> bool:
    """Whether two secrets are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(a.encode(errors="surrogatepass"), b.encode(errors="surrogatepass"))


def read_key(path: Path) -> bytes:
    """A key kept as hexadecimal text in a file, at least 32 bytes. Raises SettingsError."""
    try:
        key = bytes.fromhex(read_secret(path))
    except ValueError:
        raise SettingsError(f"{path} must hold a key as hexadecimal text") from None
    if len(key) < 32:
        raise SettingsError(f"{path} holds {len(key)} bytes: a key needs 32 (openssl rand -hex 32)")
    return key
