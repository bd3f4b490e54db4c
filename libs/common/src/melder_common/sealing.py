"""Sealed contacts: intake closes the box with notify's public key, only notify can open it.

X25519 sealed boxes (libsodium ``crypto_box_seal``). Each key serves one period, named by its month
(``2026-11``, UTC); destroying a period's private key makes its contacts unreadable for good.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from melder_common.event_values import SealedEnvelope
from melder_common.secret_files import write_public, write_secret
from melder_common.settings import SettingsError, read_secret

K = TypeVar("K", PublicKey, PrivateKey)

_KEY_ID = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


class EnvelopeUnreadable(Exception):
    """An envelope that cannot be opened: its key is gone, or it is broken."""


def period_of(at: datetime) -> str:
    """The key period of a moment, e.g. ``2026-11``."""
    return at.astimezone(UTC).strftime("%Y-%m")


class SealingKeys:
    """The public keys; a new period's key is found without a restart."""

    def __init__(self, directory: Path, keys: Mapping[str, PublicKey], now: str = "") -> None:
        self._directory = directory
        self._keys = dict(keys)
        self._looked_at = now

    @classmethod
    def load(cls, directory: Path) -> "SealingKeys":
        """All ``<key id>.pub`` below ``directory``. Raises SettingsError when there is none."""
        keys = _load(directory, ".pub", PublicKey)
        if not keys:
            raise SettingsError(f"no sealing key (<period>.pub) in {directory}: create one first")
        return cls(directory, keys)

    def seal(self, content: bytes, at: datetime) -> SealedEnvelope:
        """Close ``content`` with the newest key whose period has begun. Raises SettingsError."""
        key_id = self._key_at(period_of(at))
        box = SealedBox(self._keys[key_id]).encrypt(content)
        return SealedEnvelope(key_id=key_id, box=b64encode(box).decode())

    def _key_at(self, period: str) -> str:
        if period not in self._keys and period != self._looked_at:
            self._keys = _load(self._directory, ".pub", PublicKey) or self._keys
            self._looked_at = period
        begun = [key_id for key_id in self._keys if key_id <= period]
        if not begun:
            raise SettingsError(
                f"no sealing key in {self._directory} has begun by {period}: create one"
            )
        return max(begun)


class OpeningKeys:
    """The private keys, held by notify alone."""

    def __init__(self, directory: Path, keys: Mapping[str, PrivateKey]) -> None:
        self._directory = directory
        self._keys = dict(keys)

    @classmethod
    def load(cls, directory: Path) -> "OpeningKeys":
        """All ``<key id>.key`` below ``directory``. Raises SettingsError when there is none."""
        keys = _load(directory, ".key", PrivateKey)
        if not keys:
            raise SettingsError(f"no opening key (<period>.key) in {directory}: create one first")
        return cls(directory, keys)

    def open(self, envelope: SealedEnvelope) -> bytes:
        """What was sealed. Raises EnvelopeUnreadable, saying why."""
        if envelope.key_id not in self._keys and _KEY_ID.fullmatch(envelope.key_id):
            self._keys = _load(self._directory, ".key", PrivateKey)
        key = self._keys.get(envelope.key_id)
        if key is None:
            raise EnvelopeUnreadable(f"there is no opening key for the period {envelope.key_id}")
        try:
            return SealedBox(key).decrypt(b64decode(envelope.box, validate=True))
        except (CryptoError, ValueError, TypeError):
            raise EnvelopeUnreadable(
                f"the envelope was not sealed for the key {envelope.key_id}, or it is broken"
            ) from None


def generate_period_key(key_id: str, *, public_dir: Path, private_dir: Path) -> None:
    """Create a period's pair, the private key first. Raises FileExistsError and ValueError."""
    if not _KEY_ID.fullmatch(key_id):
        raise ValueError(f"{key_id!r} is no key period: write year and month, e.g. 2026-11")
    private = PrivateKey.generate()
    write_secret(private_dir / f"{key_id}.key", b64encode(bytes(private)) + b"\n")
    write_public(public_dir / f"{key_id}.pub", b64encode(bytes(private.public_key)) + b"\n")


def _load(directory: Path, suffix: str, kind: Callable[[bytes], K]) -> dict[str, K]:
    keys = {}
    for path in sorted(directory.glob(f"*{suffix}")):
        if not _KEY_ID.fullmatch(path.stem):
            continue
        try:
            keys[path.stem] = kind(b64decode(read_secret(path), validate=True))
        except (ValueError, CryptoError):
            raise SettingsError(f"{path} holds no Base64 X25519 key") from None
    return keys
