"""Where reports are taken: the reception area, ready to be asked, and its outline for maps."""

from dataclasses import dataclass

import orjson

from melder_common.geo import Coordinate
from melder_intake.domain.area import Area

Ring = tuple[tuple[float, float], ...]
"""Positions as (longitude, latitude), WGS 84."""

OUTLINE_DETAIL_DEG = 0.0008
"""About 60 m: finer lines cannot be seen on the server-drawn map."""


@dataclass(frozen=True)
class ReceptionArea:
    """The area (with its margin, without excluded places) and the rings of the plain outline.

    ``bbox``: west, south, east, north of the outline.
    """

    area: Area
    outline: tuple[Ring, ...]
    bbox: tuple[float, float, float, float]

    def covers(self, place: Coordinate) -> bool:
        """Whether a report from ``place`` is taken; the border itself belongs to the inside."""
        return self.area.covers(place.lat, place.long)


def read_reception_area(area: str, outline: str) -> ReceptionArea:
    """From two GeoJSON MultiPolygons, the outline already as coarse as it is shown."""
    shown = _rings(outline)
    longs = [long for ring in shown for long, _ in ring]
    lats = [lat for ring in shown for _, lat in ring]
    bbox = (min(longs), min(lats), max(longs), max(lats))
    return ReceptionArea(Area(_rings(area)), shown, bbox)


def as_geojson(coordinates: object) -> str:
    """The GeoJSON text around MultiPolygon coordinates."""
    return orjson.dumps({"type": "MultiPolygon", "coordinates": coordinates}).decode()


def _rings(geojson: str) -> tuple[Ring, ...]:
    polygons = orjson.loads(geojson)["coordinates"]
    return tuple(
        tuple((long, lat) for long, lat in ring) for polygon in polygons for ring in polygon
    )
