"""The catalogue that intake and notify get of a region: events, their counts and their digest."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

import orjson

from melder_common.event_values import (
    BodyRef,
    CategoryRef,
    Choice,
    MultiPolygon,
    PublicationPolicy,
    Question,
)
from melder_common.events import (
    CatalogueBodyDescribed,
    CatalogueCategoryDescribed,
    CataloguePublished,
    CatalogueReceptionAreaDescribed,
    Event,
)
from melder_routing.domain.region import BodyEntry, CategoryEntry, Region


def describe_bodies(region: Region) -> Iterator[CatalogueBodyDescribed]:
    """Every body as citizens may know it."""
    for body in region.bodies:
        yield _body(body)


def describe_categories(region: Region) -> Iterator[CatalogueCategoryDescribed]:
    """Every category, in the order of the form."""
    for position, category in enumerate(region.categories):
        yield _category(category, position, region)


def describe_area(
    outline: MultiPolygon, reception: MultiPolygon
) -> CatalogueReceptionAreaDescribed:
    """The outline and the reception area, with the box around the latter (west, south, …)."""
    points = [point for polygon in reception for ring in polygon for point in ring]
    longs, lats = [p[0] for p in points], [p[1] for p in points]
    box = (min(longs), min(lats), max(longs), max(lats))
    return CatalogueReceptionAreaDescribed(area=reception, outline=outline, bbox=box)


def publish(region: Region, entries: Sequence[Event], version: int) -> CataloguePublished:
    """The event that makes the catalogue complete; its digest ignores ``version``."""
    head = region.region
    published = CataloguePublished(
        version=version,
        region=head.slug,
        name=head.name,
        jurisdiction_id=head.jurisdiction_id,
        bodies=len(region.bodies),
        categories=len(region.categories),
        digest="",
        contact=head.contact,
        emergency=head.emergency,
    )
    digest = _digest([*entries, published.model_copy(update={"version": 0})])
    return published.model_copy(update={"digest": digest})


def _digest(entries: Iterable[Event]) -> str:
    """SHA-256 over the entries as sorted JSON, in the order they are told."""
    summed = hashlib.sha256()
    for entry in entries:
        plain = entry.model_dump(mode="json", exclude_none=True)
        summed.update(orjson.dumps([entry.NAME, plain], option=orjson.OPT_SORT_KEYS))
    return summed.hexdigest()


def _body(body: BodyEntry) -> CatalogueBodyDescribed:
    return CatalogueBodyDescribed(
        body=BodyRef(slug=body.slug, name=body.name),
        kind=body.kind,
        ars=body.ars,
        aliases=body.aliases,
        participation=body.participation,
        contact_text=body.contact or {},
        parent=body.parent,
    )


def _category(category: CategoryEntry, position: int, region: Region) -> CatalogueCategoryDescribed:
    return CatalogueCategoryDescribed(
        category=CategoryRef(
            slug=category.slug, name=category.name, group=region.groups[category.group]
        ),
        description=category.description or {},
        keywords=category.keywords,
        questions=tuple(
            Question(
                **question.model_dump(exclude={"choices"}),
                choices=tuple(Choice(key=c.key, name=c.name) for c in question.choices),
            )
            for question in category.questions
        ),
        policy=PublicationPolicy(**category.policy.model_dump()),
        type=category.type,
        order=position,
    )
