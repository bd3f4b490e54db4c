"""Municipal borders around a place, for the small map on a case page."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_routing.store.region_tables import jurisdiction

LAYER = "gemeinde"


@dataclass(frozen=True, slots=True)
class Border:
    """The part of a municipality within the box; rings of (longitude, latitude)."""

    name: str
    rings: list[list[tuple[float, float]]]


async def list_borders(
    connection: AsyncConnection, *, south: float, west: float, north: float, east: float, on: date
) -> list[Border]:
    """The municipalities that touch the box, cut to it."""
    box = func.ST_MakeEnvelope(west, south, east, north, 4326)
    part = func.ST_AsGeoJSON(func.ST_ClipByBox2D(jurisdiction.c.geom, box), 6)
    chosen = select(jurisdiction.c.name, part.label("part")).where(
        jurisdiction.c.layer == LAYER,
        jurisdiction.c.geom.op("&&")(box),
        or_(jurisdiction.c.valid_from.is_(None), jurisdiction.c.valid_from <= on),
        or_(jurisdiction.c.valid_to.is_(None), jurisdiction.c.valid_to > on),
    )
    rows = await connection.execute(chosen)
    return [border for row in rows if (border := _border(row.name, row.part))]


def _border(name: str, part: str | None) -> Border | None:
    """Nothing when the box only touches the municipality (a line or a point is left)."""
    drawn: dict[str, Any] = orjson.loads(part) if part else {"type": "nothing"}
    polygons: list[list[list[tuple[float, float]]]] = []
    if drawn["type"] == "Polygon":
        polygons = [drawn["coordinates"]]
    if drawn["type"] == "MultiPolygon":
        polygons = drawn["coordinates"]
    rings = [ring for polygon in polygons for ring in polygon]
    return Border(name, rings) if rings else None
