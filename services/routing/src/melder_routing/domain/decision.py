"""A decision about a place: who is responsible, who works on it, and why."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from melder_common.event_values import BodyRef, Translated


class Status(StrEnum):
    """How sure the decision is (docs/routing.md)."""

    DECIDED = "decided"
    AMBIGUOUS = "ambiguous"
    UNSERVED = "unserved"
    OUTSIDE = "outside"


class Rule(StrEnum):
    """The step of docs/routing.md that named the body, there 1 to 7; or a person's own decision."""

    ASSET = "asset"
    AGREEMENT = "agreement"
    ROAD = "road"
    OWN_AREA = "own_area"
    CATEGORY = "category"
    DEFAULT = "default"
    CLEARING = "clearing"
    TAKEN_OVER = "taken_over"


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer for one place and category, made from one boundary version.

    ``responsible`` is empty unless ``status`` is decided; ``working`` is then the clearing body
    (and empty outside, where nothing is stored). ``serving`` names a body that is responsible by
    the data but takes no part in this installation: it is told to the citizen and gets nothing.
    ``candidates`` are neighbours within the tolerance, or the rivals of an ambiguous place; they
    may see the case in the border view. ``also_matched`` would have been named by a later step; it
    explains the decision and gives no rights. ``queue`` is a slug. ``border_distance_m``: metres in
    EPSG:25832 to the area of ``neighbour``, the nearest body that would be responsible there;
    empty when none is in sight.
    """

    status: Status
    rule: Rule
    responsible: BodyRef | None
    working: BodyRef | None
    queue: str | None
    boundary_version: str
    municipality: str | None = None
    candidates: tuple[BodyRef, ...] = ()
    also_matched: tuple[BodyRef, ...] = ()
    informed: tuple[BodyRef, ...] = ()
    serving: BodyRef | None = None
    neighbour: BodyRef | None = None
    border: bool = False
    snapped: bool = False
    border_distance_m: float | None = None
    reason: Translated = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Plain values for storing; ``from_json`` reads them back."""
        plain = asdict(self)
        for name in _BODIES:
            body: BodyRef | None = plain[name]
            plain[name] = body.model_dump() if body else None
        for name in _BODY_LISTS:
            plain[name] = [body.model_dump() for body in plain[name]]
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Self:
        """A stored decision, exactly as it was made."""
        values = dict(plain)
        values["status"] = Status(values["status"])
        values["rule"] = Rule(values["rule"])
        for name in _BODIES:
            values[name] = BodyRef.model_validate(values[name]) if values.get(name) else None
        for name in _BODY_LISTS:
            values[name] = tuple(BodyRef.model_validate(body) for body in values.get(name, ()))
        return cls(**values)


_BODIES = ("responsible", "working", "serving", "neighbour")
_BODY_LISTS = ("candidates", "also_matched", "informed")
