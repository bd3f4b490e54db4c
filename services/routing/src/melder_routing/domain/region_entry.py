"""What all parts of a region file and of a Land pack are made of."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Key = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,12}$")]
"""A regional key (ARS), 2 to 12 digits; text, because leading zeros count."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


def in_german(value: Any) -> Any:
    """A bare text is German."""
    return {"de": value} if isinstance(value, str) else value


def _has_german(value: dict[str, str]) -> dict[str, str]:
    if not value.get("de", "").strip():
        raise ValueError("has no German text: add de: …")
    return value


Texts = Annotated[
    dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$")], Name],
    BeforeValidator(in_german),
    AfterValidator(_has_german),
]
"""A text by language; a bare text is German."""

BodyKind = Literal[
    "land",
    "kreis",
    "verband",
    "gemeinde",
    "zweckverband",
    "road_authority",
    "utility",
    "rail",
    "state_body",
    "contractor",
]


class Entry(BaseModel):
    """A part of the region file: frozen, and unknown fields are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class FeatureChoice(Entry):
    """Features of a boundary file: those with ``keys``, or all."""

    boundaries: Slug
    keys: tuple[Annotated[str, StringConstraints(min_length=1)], ...] = ()


class ImportedChoice(Entry):
    """Areas that ``melder boundaries import`` brought, in the version in force on each day."""

    layer: Slug
    keys: Annotated[
        tuple[Annotated[str, StringConstraints(min_length=1)], ...], Field(min_length=1)
    ]
