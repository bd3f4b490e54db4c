"""Where reports are taken: the reception area as a prepared geometry, and its outline for maps."""

from collections.abc import Sequence
from dataclasses import dataclass

import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from melder_common.geo import Coordinate

Ring = tuple[tuple[float, float], ...]
"""Positions as (longitude, latitude), WGS 84."""

OUTLINE_DETAIL_DEG = 0.0008
"""About 60 m: finer lines cannot be seen on the server-drawn map."""


@dataclass(frozen=True)
class ReceptionArea:
    """The area (with its margin, without excluded places) and the rings of the plain outline."""

    area: BaseGeometry
    outline: tuple[Ring, ...]
    bbox: tuple[float, float, float, float]

    def covers(self, place: Coordinate) -> bool:
        """Whether a report from ``place`` is taken; the border itself belongs to the inside."""
        return bool(shapely.intersects_xy(self.area, place.long, place.lat))


def read_reception_area(area: bytes, outline: bytes) -> ReceptionArea:
    """From two geometries in WKB. ``bbox``: west, south, east, north of the outline."""
    reception = shapely.from_wkb(area)
    shapely.prepare(reception)
    shown = shapely.simplify(shapely.from_wkb(outline), OUTLINE_DETAIL_DEG)
    west, south, east, north = (float(side) for side in shapely.bounds(shown))
    return ReceptionArea(reception, tuple(_rings(shown)), (west, south, east, north))


def as_wkb(coordinates: Sequence[Sequence[Sequence[tuple[float, float]]]]) -> bytes:
    """WKB of GeoJSON MultiPolygon coordinates."""
    polygons = [
        shapely.Polygon(rings[0], list(rings[1:])) for rings in coordinates if rings and rings[0]
    ]
    return shapely.to_wkb(MultiPolygon(polygons), include_srid=False)


def _rings(shape: BaseGeometry) -> list[Ring]:
    return [
        tuple((float(x), float(y)) for x, y in ring.coords)
        for polygon in shapely.get_parts(shape)
        for ring in (polygon.exterior, *polygon.interiors)
    ]
