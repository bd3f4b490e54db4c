"""Clerks: which roles they hold, and the scope that follows from them."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from melder_routing.domain.region_clerk import ClerkRole, RegionClerk

ClerkEntry = RegionClerk

WORKING_ROLES: frozenset[ClerkRole] = frozenset({"clerk", "lead", "field"})
"""Who may change cases. Readers (honorary mayors), editors and auditors look on."""

SEEING_ROLES: frozenset[ClerkRole] = WORKING_ROLES | {"reader", "editor", "auditor"}
"""Who sees cases at all; the role ``admin`` manages the installation and sees none."""


@dataclass(frozen=True, slots=True)
class Role:
    """A role at one body (slug); ``queue`` (slug) narrows it, ``None`` means the whole body."""

    body: str
    queue: str | None
    role: ClerkRole


@dataclass(frozen=True, slots=True)
class Scope:
    """Everything that decides what one clerk sees; row-level security is told the same.

    ``queues`` and ``bodies``: cases in these queues, or with these bodies as responsible or
    working body, are seen whole; ``work_queues`` and ``work_bodies``: may be changed as well.
    ``border_bodies``: his own bodies and the Gemeinden a Verband works for; their neighbours'
    border cases appear in the border view. ``taking_bodies``: those of them for which he may take
    one over.
    """

    clerk_id: UUID
    name: str
    queues: frozenset[str] = frozenset()
    work_queues: frozenset[str] = frozenset()
    bodies: frozenset[str] = frozenset()
    work_bodies: frozenset[str] = frozenset()
    border_bodies: frozenset[str] = frozenset()
    taking_bodies: frozenset[str] = frozenset()


def scope_of(
    clerk_id: UUID, name: str, roles: Iterable[Role], members: frozenset[str] = frozenset()
) -> Scope:
    """What follows from ``roles``: a role without a queue covers its body's cases everywhere.

    ``members``: the Gemeinden of the Verband that the roles belong to.
    """
    seeing = [role for role in roles if role.role in SEEING_ROLES]
    working = [role for role in seeing if role.role in WORKING_ROLES]
    return Scope(
        clerk_id,
        name,
        queues=_queues(seeing),
        work_queues=_queues(working),
        bodies=_whole_bodies(seeing),
        work_bodies=_whole_bodies(working),
        border_bodies=frozenset(role.body for role in seeing)
        | (members if seeing else frozenset()),
        taking_bodies=frozenset(role.body for role in working)
        | (members if working else frozenset()),
    )


NOBODY = UUID(int=0)
"""Who acts where no person signed in: history names the body alone."""


def scope_of_link(body: str) -> Scope:
    """What the holder of a link may see and change: cases of one body, and no list of them."""
    return Scope(NOBODY, "", bodies=frozenset({body}), work_bodies=frozenset({body}))


def _queues(roles: Iterable[Role]) -> frozenset[str]:
    return frozenset(role.queue for role in roles if role.queue)


def _whole_bodies(roles: Iterable[Role]) -> frozenset[str]:
    return frozenset(role.body for role in roles if role.queue is None)
