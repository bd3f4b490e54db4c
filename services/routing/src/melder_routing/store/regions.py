"""The region's own row: what was applied last, and the numbers that count its changes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.event_values import BodyRef, CategoryRef, PublicationPolicy
from melder_common.events import CatalogueBodyDescribed, CatalogueCategoryDescribed
from melder_routing.domain.keys import body_id, queue_id
from melder_routing.domain.region import Region
from melder_routing.domain.region_plan import Digests
from melder_routing.store.case_tables import case
from melder_routing.store.region_tables import body, category, region

_EMPTY = "SRID=4326;MULTIPOLYGON EMPTY"


@dataclass(frozen=True, slots=True)
class AppliedRegion:
    """What was applied last; empty digests when nothing was."""

    digests: Digests
    catalogue_version: int = 0
    catalogue_digest: str = ""


async def lock_region(connection: AsyncConnection) -> None:
    """Let one apply after the other into this transaction."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('routing apply'))"))


async def find_applied_region(connection: AsyncConnection) -> AppliedRegion:
    """The digests and the catalogue's version of the last apply."""
    columns = (region.c.digests, region.c.catalogue_version, region.c.catalogue_digest)
    row = (await connection.execute(select(*columns))).one_or_none()
    return AppliedRegion(*row) if row else AppliedRegion({})


async def find_region_name(connection: AsyncConnection) -> str:
    """What the installation calls itself."""
    return str(await connection.scalar(select(region.c.name)) or "Mängelmelder")


async def put_region(connection: AsyncConnection, wanted: Region, digests: Digests) -> None:
    """Write the region's row, counting its rules on; geometry follows from ``region_geometry``."""
    head = wanted.region
    row: dict[str, Any] = {
        "slug": head.slug,
        "name": head.name,
        "jurisdiction_id": head.jurisdiction_id,
        "language": head.language,
        "contact": head.contact,
        "emergency": head.emergency,
        "texts": wanted.texts,
        "retention": wanted.retention.model_dump(),
        "holidays": wanted.holidays.model_dump(),
        "margin_m": head.margin_m,
        "clearing_queue_id": queue_id(head.clearing.queue),
        "clearing_body_id": body_id(head.clearing.body),
        "clearing_deputy_id": body_id(head.clearing.deputy),
        "boundary_version": wanted.boundary_version,
        "digests": digests,
    }
    changed = {**row, "rules_version": region.c.rules_version + 1, "applied_at": func.now()}
    await connection.execute(
        upsert(region)
        .values(id=1, outline=_EMPTY, reception=_EMPTY, **row)
        .on_conflict_do_update(index_elements=["id"], set_=changed)
    )


async def note_published(connection: AsyncConnection, version: int, digest: str) -> None:
    """Remember which catalogue was published last."""
    await connection.execute(
        update(region).values(catalogue_version=version, catalogue_digest=digest)
    )


async def count_open_cases(
    connection: AsyncConnection, kind: str, slugs: Iterable[str]
) -> dict[str, int]:
    """How many open cases each body, queue or category of ``slugs`` has; only those with some."""
    found = {}
    for slug in slugs:
        refers = {
            "body": or_(case.c.responsible == slug, case.c.working == slug),
            "queue": case.c.queue == slug,
            "category": case.c.category == slug,
        }[kind]
        counting = select(func.count()).where(refers, case.c.closed_at.is_(None))
        number = await connection.scalar(counting)
        if number:
            found[slug] = int(number)
    return found


async def name_bodies(connection: AsyncConnection, slugs: Iterable[str]) -> dict[str, str]:
    """Names by slug; a body that is not known any more keeps its slug."""
    asked = list(slugs)
    chosen = select(body.c.slug, body.c.name).where(body.c.slug.in_(asked))
    known = {row.slug: row.name for row in await connection.execute(chosen)}
    return {slug: known.get(slug, slug) for slug in asked}


async def describe_removed_bodies(
    connection: AsyncConnection, slugs: Iterable[str]
) -> list[CatalogueBodyDescribed]:
    """Bodies the file no longer has, as the catalogue takes them back."""
    rows = await connection.execute(select(body).where(body.c.slug.in_(list(slugs))))
    return [
        CatalogueBodyDescribed(
            body=BodyRef(slug=row.slug, name=row.name),
            kind=row.kind,
            ars=row.ars,
            participation=row.participation,
            removed=True,
        )
        for row in rows
    ]


async def describe_removed_categories(
    connection: AsyncConnection, slugs: Iterable[str]
) -> list[CatalogueCategoryDescribed]:
    """Categories the file no longer has, as the catalogue takes them back."""
    rows = await connection.execute(select(category).where(category.c.slug.in_(list(slugs))))
    return [
        CatalogueCategoryDescribed(
            category=CategoryRef(slug=row.slug, name=row.name, group=row.group_name),
            description={},
            policy=PublicationPolicy(
                text=row.policy_text, photo=row.policy_photo, place=row.policy_place
            ),
            removed=True,
        )
        for row in rows
    ]
