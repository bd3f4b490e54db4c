"""Imported areas that the region file names for its bodies by layer and key."""

from collections.abc import Iterator

from sqlalchemy import delete, insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_routing.domain.keys import body_id
from melder_routing.domain.region import Region
from melder_routing.domain.region_findings import Finding, Path
from melder_routing.store.region_tables import area_claim

_THERE = text(
    """
    SELECT DISTINCT layer, key FROM routing.boundary_area
    WHERE valid_to IS NULL OR valid_to >= (now() AT TIME ZONE 'Europe/Berlin')::date
    """
)


async def put_area_claims(connection: AsyncConnection, region: Region) -> None:
    """Let the claims be those of ``region``; ``boundary_imports.settle_imports`` follows."""
    await connection.execute(delete(area_claim))
    rows = {
        (body.slug, choice.layer, key)
        for body in region.bodies
        for choice in body.imported
        for key in choice.keys
    }
    if rows:
        values = [
            {"body_id": body_id(slug), "layer": layer, "key": key} for slug, layer, key in rows
        ]
        await connection.execute(insert(area_claim), values)


async def find_missing_areas(connection: AsyncConnection, region: Region) -> list[Finding]:
    """What bodies of ``region`` name and no import that is in force has brought."""
    if not any(body.imported for body in region.bodies):
        return []
    there = {(layer, key) for layer, key in await connection.execute(_THERE)}
    layers = sorted({layer for layer, _ in there})
    return [
        Finding(
            path,
            key,
            f"no area of the layer {layer} with this key is imported and in force",
            "run melder boundaries import with the file that has it, or correct layer and key"
            + (f" (there are: {', '.join(layers)})" if layer not in layers and layers else ""),
        )
        for path, layer, key in _claims(region)
        if (layer, key) not in there
    ]


def _claims(region: Region) -> Iterator[tuple[Path, str, str]]:
    for position, body in enumerate(region.bodies):
        for number, choice in enumerate(body.imported):
            for at, key in enumerate(choice.keys):
                yield ("bodies", position, "imported", number, "keys", at), choice.layer, key
