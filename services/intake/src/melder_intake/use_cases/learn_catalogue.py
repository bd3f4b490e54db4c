"""Learn from routing what can be reported, where, and who there is."""

from collections.abc import Sequence

from melder_common.envelope import Heard
from melder_common.events import (
    CatalogueBodyDescribed,
    CatalogueCategoryDescribed,
    CataloguePublished,
    CatalogueReceptionAreaDescribed,
)
from melder_common.unit_of_work import UnitOfWork
from melder_intake.store import catalogue


class CatalogueIncomplete(Exception):
    """A publication promises more entries than were heard; the old catalogue stays in force."""


async def learn_bodies(unit: UnitOfWork, heard: Sequence[Heard[CatalogueBodyDescribed]]) -> None:
    """Keep each body as it is now."""
    for said in heard:
        await catalogue.save_body(unit.connection, said.event)


async def learn_categories(
    unit: UnitOfWork, heard: Sequence[Heard[CatalogueCategoryDescribed]]
) -> None:
    """Keep each category with its questions and policy."""
    for said in heard:
        await catalogue.save_category(unit.connection, said.event)


async def learn_reception_area(
    unit: UnitOfWork, heard: Sequence[Heard[CatalogueReceptionAreaDescribed]]
) -> None:
    """Keep the newest area."""
    await catalogue.save_reception_area(unit.connection, heard[-1].event, unit.now)


async def put_catalogue_in_force(
    unit: UnitOfWork, heard: Sequence[Heard[CataloguePublished]]
) -> None:
    """Let readers take the new catalogue. Raises CatalogueIncomplete when entries are missing."""
    said = heard[-1].event
    bodies, categories = await catalogue.count_entries(unit.connection)
    if bodies < said.bodies or categories < said.categories:
        raise CatalogueIncomplete(
            f"catalogue {said.version} promises {said.bodies} bodies and {said.categories} "
            f"categories, known are {bodies} and {categories}: publish it again (melder apply)"
        )
    await catalogue.save_published(unit.connection, said, unit.now)
