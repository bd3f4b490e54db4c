"""A region as its file declares it: the shape of ``region.yaml`` (docs: infra/demo/region.yaml)."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints

from melder_common.event_values import Choice, PublicationPolicy, Question
from melder_routing.domain.case_link_entry import CaseLinkEntry
from melder_routing.domain.duty_entries import AgreementEntry, CompetenceEntry
from melder_routing.domain.open311_entry import Open311Entry
from melder_routing.domain.region_clerk import ClerkRole
from melder_routing.domain.region_entry import (
    BodyKind,
    Entry,
    FeatureChoice,
    ImportedChoice,
    Key,
    Name,
    Slug,
    Texts,
    in_german,
)
from melder_routing.domain.working_days import HolidayRules

__all__ = ["BodyKind", "CompetenceEntry", "FeatureChoice", "Key"]


class PackChoice(Entry):
    """A Land pack by its directory, and the rules of it that do not count here."""

    directory: Annotated[str, StringConstraints(min_length=1)]
    without: tuple[Slug, ...] = ()


def _bare_directory(value: Any) -> Any:
    return {"directory": value} if isinstance(value, str) else value


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
    """What the installation is called, and where it takes reports (``margin_m`` around it).

    ``unstated_population``: what every Gemeinde without a population of its own counts as.
    """

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
    unstated_population: Annotated[int, Field(ge=0)] | None = None
    clearing: ClearingEntry


class BodyEntry(Entry):
    """A body. Its areas are the features with its ``ars``, unless ``areas`` names others.

    ``imported``: areas that no file of this region has, by the layer and keys of an import.

    ``service_keys``: keys of other bodies' areas in which it has duties, without being the one who
    is there for everything (a road authority of several Kreise). ``pack``: which Land pack's rules
    count for a body without a key, where the region has several. ``open311`` and ``case_link``: how
    a body with participation open311 or link is reached; its cases lie in a queue here all the
    same, where clerks of another body see how they stand.
    """

    slug: Slug
    name: Name
    place_name: Name | None = None
    article: Literal["der", "die", "das"] | None = None
    kind: BodyKind
    ars: Key | None = None
    parent: Slug | None = None
    participation: Literal["desk", "link", "open311", "notice_only"] = "desk"
    open311: Open311Entry | None = None
    case_link: CaseLinkEntry | None = None
    areas: tuple[FeatureChoice, ...] | None = None
    imported: tuple[ImportedChoice, ...] = ()
    service_keys: tuple[Key, ...] = ()
    population: Annotated[int, Field(ge=0)] | None = None
    pack: Slug | None = None
    aliases: tuple[Name, ...] = ()
    languages: tuple[str, ...] = ("de",)
    contact: Texts | None = None
    on_call: dict[str, str] = Field(default_factory=dict)
    branding: dict[str, str] = Field(default_factory=dict)


class PolicyEntry(PublicationPolicy):
    """What of a report may be public; a misspelt field is a mistake, not a default."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class ChoiceEntry(Choice):
    """One answer of a list question."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: Texts


class QuestionEntry(Question):
    """A question of a category."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    text: Texts
    hint: Annotated[dict[str, str], BeforeValidator(in_german)] = Field(default_factory=dict)
    choices: tuple[ChoiceEntry, ...] = ()


class CategoryEntry(Entry):
    """A category of the form, the ``service_code`` of Open311; ``due_days`` are working days.

    ``type`` is what Open311 tells a program at once: the number (realtime), a token for it
    (batch), or nothing (blackbox).
    """

    slug: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]+$", max_length=60)]
    name: Texts
    group: Slug
    description: Texts | None = None
    keywords: tuple[Name, ...] = ()
    policy: PolicyEntry = PolicyEntry()
    hazard: bool = False
    asset_types: tuple[Slug, ...] = ()
    due_days: Annotated[int, Field(gt=0, le=365)] = 10
    type: Literal["realtime", "batch", "blackbox"] = "realtime"
    questions: tuple[QuestionEntry, ...] = ()


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
    """How long what is kept, in days."""

    contact: Annotated[int, Field(ge=1)] = 90
    public_text: Annotated[int, Field(ge=1)] = 365
    case: Annotated[int, Field(ge=1)] = 1095
    reveal_log: Annotated[int, Field(ge=1)] = 365


def _day_of_year(value: str) -> str:
    try:
        date.fromisoformat(f"2024-{value}")
    except ValueError:
        raise ValueError("is no day of the year: write it as 05-01 for 1 May") from None
    return value


class HolidaysEntry(Entry):
    """Public holidays: ``fixed`` as "MM-DD", ``after_easter`` in days from Easter Sunday."""

    fixed: tuple[Annotated[str, AfterValidator(_day_of_year)], ...] = ()
    after_easter: tuple[Annotated[int, Field(ge=-100, le=100)], ...] = ()
    source: Name | None = None

    @property
    def rules(self) -> HolidayRules:
        """As working days are counted by."""
        return HolidayRules.from_json(self.model_dump(include={"fixed", "after_easter"}))


class Region(Entry):
    """The whole file."""

    version: Literal[1]
    region: RegionHead
    packs: tuple[Annotated[PackChoice, BeforeValidator(_bare_directory)], ...] = ()
    boundaries: tuple[BoundarySource, ...] = Field(min_length=1)
    bodies: tuple[BodyEntry, ...] = Field(min_length=1)
    groups: dict[Slug, Texts] = Field(min_length=1)
    categories: tuple[CategoryEntry, ...] = Field(min_length=1)
    competences: tuple[CompetenceEntry, ...] = ()
    agreements: tuple[AgreementEntry, ...] = ()
    queues: tuple[QueueEntry, ...] = Field(min_length=1)
    clerks: tuple[ClerkEntry, ...] = ()
    texts: dict[Slug, Texts] = Field(default_factory=dict)
    retention: Retention = Retention()
    holidays: HolidaysEntry = HolidaysEntry()

    @property
    def boundary_version(self) -> str:
        """The versions of all boundary files as one name, the same for the same set."""
        return "+".join(sorted({source.version for source in self.boundaries}))
