"""What routing tells the others about the region: bodies, categories, where reports are taken."""

from typing import Literal

from pydantic import Field

from melder_common.event_values import (
    BodyRef,
    CategoryRef,
    MultiPolygon,
    PublicationPolicy,
    Question,
    Translated,
)
from melder_common.events.event import Event


class CatalogueBodyDescribed(Event):
    """A body as it is now. Spoken by routing; heard by intake, notify."""

    NAME = "catalogue.body_described.v1"
    SPEAKER = "routing"
    AGGREGATE = "catalogue"

    body: BodyRef
    kind: str
    ars: str | None = None
    aliases: tuple[str, ...] = ()
    participation: Literal["desk", "link", "open311", "notice_only"]
    contact_text: Translated = Field(default_factory=dict)
    parent: str | None = None
    removed: bool = False


class CatalogueCategoryDescribed(Event):
    """A category with its questions and policy. Spoken by routing; heard by intake, notify."""

    NAME = "catalogue.category_described.v1"
    SPEAKER = "routing"
    AGGREGATE = "catalogue"

    category: CategoryRef
    description: Translated
    keywords: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    policy: PublicationPolicy
    type: Literal["realtime", "batch", "blackbox"] = "realtime"
    order: int = 0
    removed: bool = False


class CatalogueReceptionAreaDescribed(Event):
    """Where reports are taken: outline + margin − excluded areas, WGS 84.

    Spoken by routing; heard by intake.
    """

    NAME = "catalogue.reception_area_described.v1"
    SPEAKER = "routing"
    AGGREGATE = "catalogue"

    area: MultiPolygon
    outline: MultiPolygon
    bbox: tuple[float, float, float, float]


class CataloguePublished(Event):
    """The catalogue before this event is complete. Spoken by routing; heard by intake, notify."""

    NAME = "catalogue.published.v1"
    SPEAKER = "routing"
    AGGREGATE = "catalogue"

    version: int
    region: str
    name: str
    jurisdiction_id: str
    bodies: int
    categories: int
    digest: str = Field(description="SHA-256 over the described entries, hex")
    contact: Translated = Field(default_factory=dict)
    emergency: Translated = Field(default_factory=dict)
