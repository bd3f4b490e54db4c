"""The JSON that the responsibility API answers."""

from typing import Literal

from pydantic import BaseModel, Field

from melder_common.event_values import BodyRef


class ServingBody(BaseModel):
    """The body to turn to, with its contact in the language asked for."""

    slug: str
    name: str
    contact: str | None


class Responsibility(BaseModel):
    """The answer for one place.

    ``responsible`` is empty unless ``status`` is decided. ``border``: another body's area begins
    within the tolerance (25 m, or the accuracy up to 100 m). ``distance_m``: metres to the nearest
    area in which ``neighbour`` would be responsible, empty when none lies within 2 km.
    """

    status: Literal["decided", "ambiguous", "unserved", "outside"]
    responsible: BodyRef | None
    working: BodyRef | None
    municipality: str | None
    border: bool
    snapped: bool
    distance_m: float | None
    neighbour: BodyRef | None
    candidates: tuple[BodyRef, ...]
    informed: tuple[BodyRef, ...]
    rule: str = Field(description="the step of the decision that named the body")
    reason: str
    serving_body: ServingBody | None
    boundary_version: str
    binding: Literal[False] = Field(default=False, description="information, no legal act")
