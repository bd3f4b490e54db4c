"""The catalogue as routing described it, entry by entry, and whether it is complete."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.events import (
    CatalogueBodyDescribed,
    CatalogueCategoryDescribed,
    CataloguePublished,
    CatalogueReceptionAreaDescribed,
)
from melder_intake.domain.catalogue import Body, Catalogue, Category
from melder_intake.store.reception_area import (
    OUTLINE_DETAIL_DEG,
    ReceptionArea,
    as_geojson,
    read_reception_area,
)
from melder_intake.store.tables import body, category, region

_DIGITS = 15
"""Decimal places in GeoJSON: all that PostGIS has, so that the border stays where it is."""


@dataclass(frozen=True)
class Reception:
    """Everything needed to take reports: the published catalogue and its area."""

    revision: int
    catalogue: Catalogue
    area: ReceptionArea


async def save_body(connection: AsyncConnection, said: CatalogueBodyDescribed) -> None:
    """Upsert a body."""
    row = {
        "slug": said.body.slug,
        "name": said.body.name,
        "kind": said.kind,
        "ars": said.ars,
        "aliases": list(said.aliases),
        "participation": said.participation,
        "contact_text": said.contact_text,
        "parent": said.parent,
        "removed": said.removed,
    }
    statement = upsert(body).values(row)
    await connection.execute(
        statement.on_conflict_do_update(index_elements=[body.c.slug], set_=row)
    )


async def save_category(connection: AsyncConnection, said: CatalogueCategoryDescribed) -> None:
    """Upsert a category with its questions and policy."""
    row: dict[str, Any] = {
        "slug": said.category.slug,
        "described": said.model_dump(mode="json"),
        "removed": said.removed,
    }
    statement = upsert(category).values(row)
    await connection.execute(
        statement.on_conflict_do_update(index_elements=[category.c.slug], set_=row)
    )


async def save_reception_area(
    connection: AsyncConnection, said: CatalogueReceptionAreaDescribed, at: datetime
) -> None:
    """Keep the area; it counts from the next publication on."""
    await _save_region(
        connection,
        at,
        area=func.ST_SetSRID(func.ST_GeomFromGeoJSON(as_geojson(said.area)), 4326),
        outline=func.ST_SetSRID(func.ST_GeomFromGeoJSON(as_geojson(said.outline)), 4326),
    )


async def save_published(
    connection: AsyncConnection, said: CataloguePublished, at: datetime
) -> None:
    """The entries before this one are complete: readers take the new revision."""
    await _save_region(
        connection,
        at,
        published=said.model_dump(mode="json"),
        revision=1,
    )


async def count_entries(connection: AsyncConnection) -> tuple[int, int]:
    """How many bodies and categories are described and not removed."""
    bodies = select(func.count()).where(body.c.removed.is_(False)).scalar_subquery()
    categories = select(func.count()).where(category.c.removed.is_(False)).scalar_subquery()
    row = (await connection.execute(select(bodies, categories))).one()
    return int(row[0]), int(row[1])


async def list_category_slugs(connection: AsyncConnection) -> frozenset[str]:
    """The service codes in force."""
    rows = await connection.execute(select(category.c.slug).where(~category.c.removed))
    return frozenset(row.slug for row in rows)


async def get_revision(connection: AsyncConnection) -> int:
    """The revision in force; 0 before the first complete catalogue."""
    found = await connection.execute(
        select(region.c.revision).where(region.c.published.is_not(None), region.c.area.is_not(None))
    )
    return int(found.scalar_one_or_none() or 0)


async def find_reception(connection: AsyncConnection) -> Reception | None:
    """The catalogue in force; None before the first complete one."""
    coarse = func.ST_SimplifyPreserveTopology(region.c.outline, OUTLINE_DETAIL_DEG)
    found = (
        await connection.execute(
            select(
                region.c.revision,
                region.c.published,
                func.ST_AsGeoJSON(region.c.area, _DIGITS).label("area"),
                func.ST_AsGeoJSON(func.ST_Multi(coarse), _DIGITS).label("outline"),
            ).where(region.c.published.is_not(None), region.c.area.is_not(None))
        )
    ).one_or_none()
    if found is None:
        return None
    said = CataloguePublished.model_validate(found.published)
    catalogue = Catalogue(
        version=said.version,
        region=said.region,
        name=said.name,
        jurisdiction_id=said.jurisdiction_id,
        contact=said.contact,
        emergency=said.emergency,
        categories=await _categories(connection),
        bodies=await _bodies(connection),
    )
    area = read_reception_area(found.area, found.outline)
    return Reception(int(found.revision), catalogue, area)


async def _save_region(connection: AsyncConnection, at: datetime, **values: Any) -> None:
    row = {"one": True, "changed_at": at, **values}
    statement = upsert(region).values(row)
    if "revision" in row:
        row["revision"] = region.c.revision + 1
    await connection.execute(
        statement.on_conflict_do_update(index_elements=[region.c.one], set_=row)
    )


async def _categories(connection: AsyncConnection) -> dict[str, Category]:
    rows = await connection.execute(select(category.c.described).where(~category.c.removed))
    said = [CatalogueCategoryDescribed.model_validate(row.described) for row in rows]
    return {
        one.category.slug: Category(
            slug=one.category.slug,
            name=one.category.name,
            group=one.category.group,
            description=one.description,
            keywords=one.keywords,
            questions=tuple(sorted(one.questions, key=lambda question: question.order)),
            policy=one.policy,
            type=one.type,
            order=one.order,
        )
        for one in said
    }


async def _bodies(connection: AsyncConnection) -> dict[str, Body]:
    rows = await connection.execute(select(body).where(~body.c.removed))
    return {
        row.slug: Body(
            slug=row.slug,
            name=row.name,
            kind=row.kind,
            participation=row.participation,
            ars=row.ars,
            aliases=tuple(row.aliases),
            contact_text=row.contact_text,
        )
        for row in rows
    }
