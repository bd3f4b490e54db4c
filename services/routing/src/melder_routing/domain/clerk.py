"""Clerks: who they are, which roles they hold, and the scope that follows from them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class ClerkRole(StrEnum):
    """What a clerk may do, per body and, where a queue is named, for that queue only."""

    CLERK = "clerk"
    LEAD = "lead"
    READER = "reader"

    @property
    def works(self) -> bool:
        """Whether the role may change cases; a reader (honorary mayor, auditor) only looks."""
        return self is not ClerkRole.READER


@dataclass(frozen=True, slots=True)
class RoleEntry:
    """A role at one body; ``queue`` narrows it to one queue, ``None`` means the whole body."""

    body: str
    role: ClerkRole = ClerkRole.CLERK
    queue: str | None = None


@dataclass(frozen=True, slots=True)
class ClerkEntry:
    """A clerk as the region file names it. ``login`` looks like an address and is unique.

    ``password`` is the first password in clear: it is hashed when stored, and an existing clerk
    keeps the one he has unless ``reset_password``.
    """

    login: str
    name: str
    roles: tuple[RoleEntry, ...]
    password: str | None = field(default=None, repr=False)
    reset_password: bool = False
    active: bool = True


@dataclass(frozen=True, slots=True)
class QueueOfBody:
    """A queue and the body it belongs to, by slug."""

    queue: str
    body: str


@dataclass(frozen=True, slots=True)
class Scope:
    """Everything that decides what one clerk sees; also what row-level security is told.

    ``queues``: seen whole. ``work_queues``: may be changed as well. ``bodies``: held as a whole,
    so their cases are seen in every queue, and their neighbours' border cases in the border view.
    """

    clerk_id: UUID
    name: str
    queues: frozenset[str]
    work_queues: frozenset[str]
    bodies: frozenset[str]


def scope_of(
    clerk_id: UUID, name: str, roles: Iterable[RoleEntry], queues: Iterable[QueueOfBody]
) -> Scope:
    """What follows from ``roles``: a role for a whole body covers all of that body's ``queues``."""
    known = tuple(queues)
    seen: set[str] = set()
    worked: set[str] = set()
    bodies: set[str] = set()
    for role in roles:
        covered = {role.queue} if role.queue else {q.queue for q in known if q.body == role.body}
        seen |= covered
        worked |= covered if role.role.works else set()
        if role.queue is None:
            bodies.add(role.body)
    return Scope(clerk_id, name, frozenset(seen), frozenset(worked), frozenset(bodies))
