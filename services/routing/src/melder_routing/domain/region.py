"""A region as its file declares it: the shape of ``region.yaml`` (docs: infra/demo/region.yaml)."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from melder_common.event_values import Choice, PublicationPolicy, Question
from melder_routing.domain.region_clerk import ClerkRole

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Key = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,12}$")]
"""A regional key (ARS), 2 to 12 digits; text, because leading zeros count."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


def _in_german(value: Any) -> Any:
    return {"de": value} if isinstance(value, str) else value


def _has_german(value: dict[str, str]) -> dict[str, str]:
    if not value.get("de", "").strip():
        raise ValueError("has no German text: add de: …")
    return value


Texts = Annotated[
    dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$")], Name],
    BeforeValidator(_in_german),
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

    model_config = ConfigDict(frozen=True, extra="forbid")


class FeatureChoice(Entry):
    """Features of a boundary file: those with ``keys``, or all."""

    boundaries: Slug
    keys: tuple[Annotated[str, StringConstraints(min_length=1)], ...] = ()


class BoundarySource(Entry):
    """A file of areas. ``key`` and ``name`` are its properties with the regional key and the name.

    ``layer`` orders areas of one kind (gemeinde, verband, kreis …). ``general: false`` keeps its
    areas out of the default duty (those of a Zweckverband). ``crs`` overrides what the file says.
    """

    id: Slug
    file: Annotated[str, StringConstraints(min_length=1)]
    version: Slug
    layer: Slug
    key: str = "ARS"
    name: str = "GEN"
    attribution: Name
    crs: str | None = None
    general: bool = True
    valid_from: date | None = None
    valid_to: date | None = None


class ClearingEntry(Entry):
    """The clearing queue, its body and that body's deputy."""

    queue: Slug
    body: Slug
    deputy: Slug


class RegionHead(Entry):
    """What the installation is called, and where it takes reports (``margin_m`` around it)."""

    slug: Slug
    name: Name
    jurisdiction_id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]+$", max_length=253)]
    language: Literal["de"] = "de"
    contact: Texts
    emergency: Texts
    margin_m: Annotated[int, Field(ge=0, le=20_000)] = 2000
    outline: tuple[FeatureChoice, ...] = Field(min_length=1)
    excluded: tuple[FeatureChoice, ...] = ()
    waters: tuple[FeatureChoice, ...] = ()
    clearing: ClearingEntry


class BodyEntry(Entry):
    """A body. Its areas are the features with its ``ars``, unless ``areas`` names others."""

    slug: Slug
    name: Name
    place_name: Name | None = None
    article: Literal["der", "die", "das"] | None = None
    kind: BodyKind
    ars: Key | None = None
    parent: Slug | None = None
    participation: Literal["desk", "link", "open311", "notice_only"] = "desk"
    areas: tuple[FeatureChoice, ...] | None = None
    aliases: tuple[Name, ...] = ()
    languages: tuple[str, ...] = ("de",)
    contact: Texts | None = None
    on_call: dict[str, str] = Field(default_factory=dict)
    branding: dict[str, str] = Field(default_factory=dict)


class PolicyEntry(PublicationPolicy):
    """What of a report may be public; a misspelt field is a mistake, not a default."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ChoiceEntry(Choice):
    """One answer of a list question."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Texts


class QuestionEntry(Question):
    """A question of a category."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: Texts
    hint: Annotated[dict[str, str], BeforeValidator(_in_german)] = Field(default_factory=dict)
    choices: tuple[ChoiceEntry, ...] = ()


class CategoryEntry(Entry):
    """A category of the form, the ``service_code`` of Open311; ``due_days`` are working days."""

    slug: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]+$", max_length=60)]
    name: Texts
    group: Slug
    description: Texts | None = None
    keywords: tuple[Name, ...] = ()
    policy: PolicyEntry = PolicyEntry()
    hazard: bool = False
    asset_types: tuple[Slug, ...] = ()
    due_days: Annotated[int, Field(gt=0, le=365)] = 10
    questions: tuple[QuestionEntry, ...] = ()


class CompetenceEntry(Entry):
    """A duty of a body for a ``category``, a ``group``, or any."""

    body: Slug
    mode: Literal["responsible", "performs_for", "informed"] = "responsible"
    category: str | None = None
    group: Slug | None = None
    area: Literal["jurisdiction", "own", "everywhere"] = "jurisdiction"
    own: tuple[FeatureChoice, ...] = ()
    performs_for: tuple[Slug, ...] = ()
    condition: dict[str, Any] = Field(default_factory=dict)
    because: Texts | None = None
    valid_from: date | None = None
    valid_to: date | None = None


class QueueService(Entry):
    """Whose cases lie in a queue: a body's, for a category, a group, or all."""

    body: Slug
    category: str | None = None
    group: Slug | None = None


def _whole_body(value: Any) -> Any:
    return {"body": value} if isinstance(value, str) else value


class QueueEntry(Entry):
    """A list of work and the bodies it serves (a bare slug: all of that body's cases)."""

    slug: Slug
    name: Name
    serves: tuple[Annotated[QueueService, BeforeValidator(_whole_body)], ...] = ()


class ClerkEntry(Entry):
    """A local account. ``password_file`` is a path below the secrets directory."""

    user: Annotated[str, StringConstraints(pattern=r"^[^\s@]+@[^\s@]+$", to_lower=True)]
    name: Name
    body: Slug
    function: Name | None = None
    roles: tuple[ClerkRole, ...] = ("clerk",)
    queues: tuple[Slug, ...] = ()
    password_file: str | None = None


class Retention(Entry):
    """How long what is kept, in days (DESIGN.md 9)."""

    contact: Annotated[int, Field(ge=1)] = 90
    public_text: Annotated[int, Field(ge=1)] = 365
    case: Annotated[int, Field(ge=1)] = 1095
    reveal_log: Annotated[int, Field(ge=1)] = 365


class Region(Entry):
    """The whole file."""

    version: Literal[1]
    region: RegionHead
    boundaries: tuple[BoundarySource, ...] = Field(min_length=1)
    bodies: tuple[BodyEntry, ...] = Field(min_length=1)
    groups: dict[Slug, Texts] = Field(min_length=1)
    categories: tuple[CategoryEntry, ...] = Field(min_length=1)
    competences: tuple[CompetenceEntry, ...] = ()
    queues: tuple[QueueEntry, ...] = Field(min_length=1)
    clerks: tuple[ClerkEntry, ...] = ()
    texts: dict[Slug, Texts] = Field(default_factory=dict)
    retention: Retention = Retention()

    @property
    def boundary_version(self) -> str:
        """The versions of all boundary files as one name, the same for the same set."""
        return "+".join(sorted({source.version for source in self.boundaries}))
