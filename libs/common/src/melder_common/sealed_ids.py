"""Ids that travel outside encrypted: nobody can guess or read them, and no table is needed."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from uuid import UUID

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

SEALED_LENGTH = 75


def seal_id(key: bytes, purpose: str, object_id: UUID) -> str:
    """``object_id`` in 75 characters ``[A-Za-z0-9_-]``, the same every time.

    XSalsa20-Poly1305 with a nonce made from the id: equal ids give equal texts, which is wanted.
    ``purpose`` keeps ids of different kinds apart.
    """
    nonce = _derived(key, f"{purpose}/nonce", object_id.bytes)[: SecretBox.NONCE_SIZE]
    sealed = _box(key, purpose).encrypt(object_id.bytes, nonce)
    return urlsafe_b64encode(bytes(sealed)).decode().rstrip("=")


def open_id(key: bytes, purpose: str, text: str) -> UUID | None:
    """The id behind ``text``; None for everything that ``seal_id`` did not write."""
    if len(text) != SEALED_LENGTH:
        return None
    try:
        object_id = UUID(bytes=_box(key, purpose).decrypt(urlsafe_b64decode(f"{text}=")))
    except (CryptoError, NotBase64, ValueError):
        return None
    # Base64 has several spellings of the last bits
    return object_id if seal_id(key, purpose, object_id) == text else None


def _box(key: bytes, purpose: str) -> SecretBox:
    return SecretBox(_derived(key, f"{purpose}/key", b""))


def _derived(key: bytes, purpose: str, data: bytes) -> bytes:
    return hmac.new(key, purpose.encode() + b"\0" + data, hashlib.sha256).digest()
