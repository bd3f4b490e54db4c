"""The values that events carry: places, bodies, categories, policies, sealed envelopes."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Translated = dict[str, str]
"""A text by language tag (BCP 47); German (``de``) is always there and authoritative."""

Position2D = tuple[float, float]
MultiPolygon = Annotated[
    tuple[tuple[tuple[Position2D, ...], ...], ...],
    Field(description="GeoJSON MultiPolygon coordinates, longitude first, WGS 84"),
]


class Value(BaseModel):
    """A frozen value; unknown fields are ignored by readers."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class CaseState(StrEnum):
    """States of a case; the table of who may do what is routing's ``domain/states.py``."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    PLANNED = "planned"
    IN_PROGRESS = "in_progress"
    WAITING_FOR_REPORTER = "waiting_for_reporter"
    FORWARDED = "forwarded"
    RESOLVED = "resolved"
    NOT_ACTIONABLE = "not_actionable"
    DUPLICATE = "duplicate"


CLOSED_STATES = frozenset({CaseState.RESOLVED, CaseState.NOT_ACTIONABLE, CaseState.DUPLICATE})
"""States that Open311 calls closed."""

ChannelKind = Literal["email", "phone", "push", "webhook"]


class Place(Value):
    """Where it is, WGS 84. ``accuracy_m``: radius in metres as the device said it."""

    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    long: float = Field(ge=-180, le=180, allow_inf_nan=False)
    accuracy_m: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    address: str | None = None
    address_id: str | None = None
    asset_id: str | None = None


class BodyRef(Value):
    """A body by its slug, with the name people know it by."""

    slug: str
    name: str


class PublicationPolicy(Value):
    """What of a report may be public, and when; the text is masked in any case."""

    text: Literal["after_review", "at_once", "never"] = "after_review"
    photo: Literal["after_review", "never"] = "after_review"
    place: Literal["at_once", "after_review", "never"] = "at_once"


class CategoryRef(Value):
    """A category by its slug (``road.pothole`` in Open311 becomes ``road-pothole``)."""

    slug: str = Field(pattern=r"^[a-z0-9_-]+$")
    name: Translated
    group: Translated = Field(default_factory=dict)


class Choice(Value):
    """One answer of a list question."""

    key: str
    name: Translated


class Question(Value):
    """A category's question, an attribute definition of Open311 GeoReport v2."""

    code: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    datatype: Literal["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]
    text: Translated
    hint: Translated = Field(default_factory=dict)
    required: bool = False
    order: int = 1
    variable: bool = True
    choices: tuple[Choice, ...] = ()


class PhotoClaim(Value):
    """A photo the reporter uploaded, with the token that proves it."""

    photo_id: UUID
    upload_token: str


class Rendition(Value):
    """A rendered size of a photo. ``name``: thumbnail, list or full; pixels."""

    name: Literal["thumbnail", "list", "full"]
    width: int
    height: int


class Box(Value):
    """A region of a photo in fractions of its width and height, origin top left."""

    x: float = Field(ge=0, le=1)
    y: float = Field(ge=0, le=1)
    width: float = Field(gt=0, le=1)
    height: float = Field(gt=0, le=1)


class SealedEnvelope(Value):
    """A SealedBox (X25519, XSalsa20-Poly1305) for notify's key of one period; ``box`` is Base64.

    What lies inside is notify's business: JSON with name, email, phone, account, tracking_token.
    """

    key_id: str
    box: str
