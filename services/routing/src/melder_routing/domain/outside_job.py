"""A call to an endpoint between two units of work, and what came of it."""

from dataclasses import dataclass
from uuid import UUID

from melder_routing.domain.open311_entry import Open311Entry
from melder_routing.domain.outside import AskToken, OutsideCase, Post, Tell
from melder_routing.domain.outside_form import Letter
from melder_routing.domain.outside_trouble import EndpointFailed


@dataclass(frozen=True, slots=True)
class Job:
    """What to say to whom; ``told`` are the keys of news that the call carries."""

    outside: OutsideCase
    entry: Open311Entry
    step: Post | AskToken | Tell
    letter: Letter | None
    told: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Arrived:
    """The case is there: under ``remote_id``, soon under one behind ``token``, or without any."""

    remote_id: str | None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Numbered:
    """The id behind a token; none while there is none yet."""

    remote_id: str | None


@dataclass(frozen=True, slots=True)
class Informed:
    """A piece of news was taken."""


Outcome = Arrived | Numbered | Informed | EndpointFailed


@dataclass(frozen=True, slots=True)
class Found:
    """An outside case by its own id and its case's."""

    outside_id: UUID
    case_id: UUID
