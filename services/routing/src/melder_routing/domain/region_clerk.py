"""A clerk as the region file names them."""

from dataclasses import dataclass
from typing import Literal

ClerkRole = Literal["clerk", "lead", "editor", "field", "reader", "auditor", "admin"]


@dataclass(frozen=True, slots=True)
class RegionClerk:
    """A local account: ``user`` signs in, ``queues`` are slugs.

    ``password`` is clear text out of a secret file and is hashed before it is stored; empty leaves
    an existing password as it is (and a new account without one cannot sign in).
    """

    user: str
    name: str
    body: str
    roles: tuple[ClerkRole, ...]
    queues: tuple[str, ...]
    function: str | None = None
    password: str | None = None
