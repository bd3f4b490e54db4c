"""Publish the catalogue when it has changed: its entries, then that it is complete."""

from uuid import UUID

from melder_common.events import (
    CatalogueBodyDescribed,
    CatalogueCategoryDescribed,
    Event,
)
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.catalogue import (
    describe_area,
    describe_bodies,
    describe_categories,
    publish,
)
from melder_routing.domain.keys import body_id, category_id, region_id
from melder_routing.domain.region import Region
from melder_routing.domain.region_plan import Plan
from melder_routing.store.region_geometry import find_region_areas
from melder_routing.store.regions import (
    describe_removed_bodies,
    describe_removed_categories,
    find_applied_region,
    note_published,
)


async def publish_catalogue(
    unit: UnitOfWork, region: Region, plan: Plan, *, again: bool = False
) -> int | None:
    """Say all entries and ``catalogue.published``; returns its version, or nothing if unchanged.

    ``again`` says an unchanged catalogue once more: for a hearer that begins from nothing.
    """
    derived = await find_region_areas(unit.connection)
    entries: list[Event] = [
        *describe_bodies(region),
        *describe_categories(region),
        describe_area(derived.outline, derived.reception),
    ]
    applied = await find_applied_region(unit.connection)
    version = applied.catalogue_version + 1
    published = publish(region, entries, version)
    if published.digest == applied.catalogue_digest and not again:
        return None
    entries += await describe_removed_bodies(unit.connection, plan.removed("body"))
    entries += await describe_removed_categories(unit.connection, plan.removed("category"))
    for entry in entries:
        unit.record(entry, aggregate_id=_aggregate_of(entry, region))
    unit.record(published, aggregate_id=region_id(region.region.slug))
    await note_published(unit.connection, version, published.digest)
    return version


def _aggregate_of(entry: Event, region: Region) -> UUID:
    if isinstance(entry, CatalogueBodyDescribed):
        return body_id(entry.body.slug)
    if isinstance(entry, CatalogueCategoryDescribed):
        return category_id(entry.category.slug)
    return region_id(region.region.slug)
