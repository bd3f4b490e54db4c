"""The region as a drawing: its border and its municipalities, simplified for screens."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

TOLERANCE_DEGREES = 0.0001
"""About ten metres, like the four digits sent: not to be seen until streets fill the window."""


@dataclass(frozen=True, slots=True)
class RegionOutline:
    """A GeoJSON FeatureCollection (RFC 7946) of one version of the region's rules.

    Features: one with ``region: true`` (the border), one per municipality with its ``name``; the
    member ``attribution`` names the sources.
    """

    version: int
    geojson: str


_OUTLINE = text(
    """
    WITH drawn AS (
        SELECT true AS region, name, outline AS geom FROM routing.region
        UNION ALL
        SELECT false, name, geom FROM routing.jurisdiction
        WHERE layer = 'gemeinde'
          AND (valid_from IS NULL OR valid_from <= current_date)
          AND (valid_to IS NULL OR valid_to >= current_date)
    )
    SELECT region.rules_version AS version,
        json_build_object(
            'type', 'FeatureCollection',
            'attribution', (SELECT string_agg(DISTINCT attribution, '; ')
                            FROM routing.boundary_version),
            'features', (SELECT json_agg(json_build_object(
                'type', 'Feature',
                'properties', json_build_object('name', name, 'region', drawn.region),
                'geometry', ST_AsGeoJSON(
                    ST_SimplifyPreserveTopology(geom, :tolerance), 4)::json)
                ORDER BY drawn.region, name)
                FROM drawn)
        )::text AS geojson
    FROM routing.region
    """
)


async def find_outline(connection: AsyncConnection) -> RegionOutline | None:
    """The drawing of the region as it is applied now; none before the first apply."""
    row = (await connection.execute(_OUTLINE, {"tolerance": TOLERANCE_DEGREES})).one_or_none()
    return None if row is None else RegionOutline(row.version, row.geojson)


async def find_outline_version(connection: AsyncConnection) -> int | None:
    """What to compare a kept drawing's version with."""
    version: int | None = await connection.scalar(text("SELECT rules_version FROM routing.region"))
    return version
