"""The catalogue was described: learn the names that mails speak of."""

from collections.abc import Sequence

from melder_common.envelope import Heard
from melder_common.events import (
    CatalogueBodyDescribed,
    CatalogueCategoryDescribed,
    CataloguePublished,
)
from melder_common.unit_of_work import UnitOfWork
from melder_notify.store.catalogue import keep_bodies, keep_categories, keep_region
from melder_notify.use_cases.office import Office


async def learn_bodies(
    unit: UnitOfWork, heard: Sequence[Heard[CatalogueBodyDescribed]], _office: Office
) -> None:
    """Keep the names of bodies."""
    events = [one.event for one in heard]
    await keep_bodies(
        unit.connection,
        [{"slug": e.body.slug, "name": e.body.name, "removed": e.removed} for e in events],
    )


async def learn_categories(
    unit: UnitOfWork, heard: Sequence[Heard[CatalogueCategoryDescribed]], _office: Office
) -> None:
    """Keep the names of categories."""
    events = [one.event for one in heard]
    await keep_categories(
        unit.connection,
        [{"slug": e.category.slug, "name": e.category.name, "removed": e.removed} for e in events],
    )


async def learn_region(
    unit: UnitOfWork, heard: Sequence[Heard[CataloguePublished]], _office: Office
) -> None:
    """Keep the name of the region, which signs mails that no body signs."""
    latest = heard[-1].event
    await keep_region(
        unit.connection, {"slug": latest.region, "name": latest.name, "version": latest.version}
    )
