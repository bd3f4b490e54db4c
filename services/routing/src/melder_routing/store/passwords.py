"""Password hashes: Argon2id with OWASP's second choice of costs (19 MiB, two passes)."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY = (
    "$argon2id$v=19$m=19456,t=2,p=1$gdwWHh/NXMrGhsc5HvgcSw$"
    "mhXI8CwGttEiOMBndfkv2sW+3bAFfrnCWFannyPv7+4"
)
"""Of a password that nobody has written down; with the costs of every other."""

LONGEST_PASSWORD = 200


async def hash_password(password: str) -> str:
    """The hash to store, made beside the event loop."""
    return await asyncio.to_thread(_HASHER.hash, password)


async def is_password(password: str, stored: str | None) -> bool:
    """Whether ``password`` belongs to the hash; takes as long when there is none."""
    return await asyncio.to_thread(_matches, password, stored or _NOBODY) and stored is not None


def _matches(password: str, stored: str) -> bool:
    try:
        return len(password) <= LONGEST_PASSWORD and _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
