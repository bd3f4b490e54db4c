"""Apply a region file: plan what changes, refuse what would orphan cases, bring it in whole."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.prepared_region import PreparedRegion
from melder_routing.domain.region_clerk import RegionClerk
from melder_routing.domain.region_findings import RegionRefused
from melder_routing.domain.region_plan import Plan, make_plan
from melder_routing.store.agreements import put_agreements
from melder_routing.store.area_claims import find_missing_areas, put_area_claims
from melder_routing.store.boundary_imports import settle_imports
from melder_routing.store.region_geometry import (
    put_boundary_versions,
    put_competences,
    put_jurisdictions,
    put_region_areas,
)
from melder_routing.store.region_rows import (
    put_bodies,
    put_body_queues,
    put_categories,
    put_queues,
)
from melder_routing.store.regions import (
    count_open_cases,
    find_applied_region,
    lock_region,
    put_region,
)
from melder_routing.store.successions import keep_successions, list_successions
from melder_routing.use_cases.publish_catalogue import publish_catalogue
from melder_routing.use_cases.put_clerks import put_clerks
from melder_routing.use_cases.put_endpoints import put_endpoints
from melder_routing.use_cases.put_link_receivers import put_link_receivers


@dataclass(frozen=True, slots=True)
class Applied:
    """What an apply did; ``catalogue_version`` only when a catalogue was published."""

    plan: Plan
    catalogue_version: int | None


async def plan_region(connection: AsyncConnection, prepared: PreparedRegion) -> Plan:
    """What an apply would change.

    Raises RegionRefused when it would orphan cases, or names areas that were never imported.
    """
    prepared.refuse(await find_missing_areas(connection, prepared.region))
    applied = await find_applied_region(connection)
    plan = make_plan(applied.digests, prepared.digests)
    refusals = [line async for line in _orphans(connection, prepared, plan)]
    if refusals:
        raise RegionRefused(refusals)
    named = {entry.slug for entry in prepared.region.bodies}
    ended = [one for one in await list_successions(connection) if one.old in named]
    return replace(plan, ended=tuple(ended))


async def apply_region(
    unit: UnitOfWork,
    prepared: PreparedRegion,
    clerks: Sequence[RegionClerk] | None,
    *,
    republish: bool = False,
) -> Applied:
    """Bring the region in; nothing but passwords is written when it is applied already.

    ``clerks`` are all that there shall be; none leaves accounts and sessions alone. ``republish``
    tells the catalogue even when it has not changed.

    Raises RegionRefused, BoundaryVersionChanged or EmptyArea; then nothing has changed.
    """
    await lock_region(unit.connection)
    plan = await plan_region(unit.connection, prepared)
    version = None
    if plan.changes:
        await _write(unit, prepared)
    if plan.changes or republish:
        version = await publish_catalogue(unit, prepared.region, plan, again=republish)
    if clerks is not None:
        await put_clerks(unit, clerks)
    await keep_successions(unit.connection)
    return Applied(plan, version)


async def _write(unit: UnitOfWork, prepared: PreparedRegion) -> None:
    connection, region, areas = unit.connection, prepared.region, prepared.areas
    await put_bodies(connection, region)
    await put_endpoints(unit, region)
    await put_link_receivers(unit, region)
    await put_queues(connection, region)
    await put_categories(connection, region)
    await put_body_queues(connection, region)
    await put_boundary_versions(connection, region, prepared.file_digests)
    await put_jurisdictions(connection, areas.bodies)
    await put_area_claims(connection, region)
    await put_competences(connection, region, areas)
    await put_region(connection, region, prepared.digests)
    await put_agreements(connection, region, areas)
    await put_region_areas(connection, region, areas)
    await settle_imports(connection)


async def _orphans(
    connection: AsyncConnection, prepared: PreparedRegion, plan: Plan
) -> AsyncIterator[str]:
    silent = [b.slug for b in prepared.region.bodies if b.participation == "notice_only"]
    leaving = {
        "body": (*plan.removed("body"), *silent),
        "queue": plan.removed("queue"),
        "category": plan.removed("category"),
    }
    for kind, slugs in leaving.items():
        for slug, number in (await count_open_cases(connection, kind, slugs)).items():
            yield f"{kind} {slug} still has {number} open cases: {_REMEDIES[kind]}"


_REMEDIES = {
    "body": "hand them over or close them at the desk first, or keep the body taking part",
    "queue": "move or close them at the desk first, or keep the queue",
    "category": "give them another category or close them first, or keep the category",
}
