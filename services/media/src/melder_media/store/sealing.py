"""Sealing at rest: AES-256-GCM with a data key per photo, wrapped by the installation's master key.

Neither the S3 store nor a database dump alone shows a picture, and a photo whose wrapped key is
gone cannot be read by anybody.
"""

import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12
_MARK = 4


class CannotOpen(Exception):
    """Sealed bytes do not fit their key: wrong master key, or changed bytes."""


class MasterKey:
    """Wraps data keys. The wrapping begins with a mark of the master key that made it."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key[:32])
        self._mark = hashlib.sha256(b"melder master key " + key).digest()[:_MARK]

    def new_data_key(self, owner: str) -> bytes:
        """A fresh data key of the photo ``owner``, wrapped."""
        return self._mark + _seal(self._cipher, AESGCM.generate_key(256), owner)

    def open(self, wrapped: bytes, owner: str) -> "DataKey":
        """The data key behind ``wrapped``. Raises CannotOpen."""
        if wrapped[:_MARK] != self._mark:
            message = (
                f"photo {owner} is sealed under master key {wrapped[:_MARK].hex()}, "
                f"this service holds {self._mark.hex()}: check original_key_file"
            )
            raise CannotOpen(message)
        return DataKey(_open(self._cipher, wrapped[_MARK:], owner))


class DataKey:
    """Seals and opens what belongs to one photo, each piece bound to its name."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, content: bytes, name: str) -> bytes:
        """``content`` for keeping under ``name``."""
        return _seal(self._cipher, content, name)

    def open(self, sealed: bytes, name: str) -> bytes:
        """What was sealed under ``name``. Raises CannotOpen."""
        return _open(self._cipher, sealed, name)


def _seal(cipher: AESGCM, content: bytes, name: str) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + cipher.encrypt(nonce, content, name.encode())


def _open(cipher: AESGCM, sealed: bytes, name: str) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], name.encode())
    except (InvalidTag, ValueError) as error:
        message = f"{name} cannot be opened: its bytes were changed or belong elsewhere"
        raise CannotOpen(message) from error
