"""The map without scripts: an SVG drawn here, and the place that a click on it means.

The picture stands in ``<input type="image" name="map">``; a click sends ``map.x`` and ``map.y``
together with the hidden fields of the view it showed. Projection: metres around the view's centre
(equirectangular), exact to a pixel within a region.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape

METRES_PER_DEGREE = 111_320.0
SMALLEST_SPAN_M = 200.0
LARGEST_SPAN_M = 500_000.0
ZOOM_STEP = 4.0

Ring = Sequence[Sequence[float]]
"""Positions (longitude, latitude), WGS 84, as in GeoJSON."""


@dataclass(frozen=True)
class Shape:
    """A drawn area: rings of its outer borders, its name, and whether it is the whole region."""

    name: str
    rings: Sequence[Ring]
    is_region: bool = False


@dataclass(frozen=True)
class MapView:
    """What a picture shows: centre in degrees, ground width in metres, size in pixels."""

    lat: float
    long: float
    span_m: float
    width: int = 640
    height: int = 400

    @classmethod
    def fitting(cls, shapes: Iterable[Shape], width: int = 640, height: int = 400) -> "MapView":
        """A view that shows all of ``shapes``; raises ValueError when there are none."""
        positions = [point for shape in shapes for ring in shape.rings for point in ring]
        if not positions:
            raise ValueError("no shapes to fit a map view to")
        west, east = min(p[0] for p in positions), max(p[0] for p in positions)
        south, north = min(p[1] for p in positions), max(p[1] for p in positions)
        lat, long = (south + north) / 2, (west + east) / 2
        across = (east - west) * METRES_PER_DEGREE * math.cos(math.radians(lat))
        down = (north - south) * METRES_PER_DEGREE
        return cls(lat, long, max(across, down * width / height) * 1.05, width, height)

    @classmethod
    def from_fields(
        cls, fields: Mapping[str, str], width: int = 640, height: int = 400
    ) -> "MapView | None":
        """The view whose ``fields`` a form sent back; none when they are missing or absurd."""
        try:
            lat, long, span_m = (float(fields[name]) for name in ("map_lat", "map_long", "map_m"))
        except (KeyError, ValueError):
            return None
        sane = abs(lat) <= 85 and abs(long) <= 180 and SMALLEST_SPAN_M <= span_m <= LARGEST_SPAN_M
        return cls(lat, long, span_m, width, height) if sane else None

    @property
    def fields(self) -> dict[str, str]:
        """Hidden form fields that carry this view."""
        return {
            "map_lat": f"{self.lat:.6f}",
            "map_long": f"{self.long:.6f}",
            "map_m": f"{self.span_m:.0f}",
        }

    def pixel(self, lat: float, long: float) -> tuple[float, float]:
        """Where a place lies in the picture, from its upper left corner."""
        x = self.width / 2 + (long - self.long) * self._pixels_per_degree_east
        y = self.height / 2 - (lat - self.lat) * self._pixels_per_degree_north
        return x, y

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Latitude and longitude of a pixel; pixels outside count as on the picture's edge."""
        inside_x, inside_y = min(max(x, 0), self.width), min(max(y, 0), self.height)
        lat = self.lat - (inside_y - self.height / 2) / self._pixels_per_degree_north
        long = self.long + (inside_x - self.width / 2) / self._pixels_per_degree_east
        return lat, long

    def closer_to(self, lat: float, long: float) -> "MapView":
        """The next picture after a click: centred there, four times as large."""
        span_m = max(self.span_m / ZOOM_STEP, SMALLEST_SPAN_M)
        return replace(self, lat=lat, long=long, span_m=span_m)

    @property
    def _pixels_per_degree_north(self) -> float:
        return METRES_PER_DEGREE * self.width / self.span_m

    @property
    def _pixels_per_degree_east(self) -> float:
        return self._pixels_per_degree_north * math.cos(math.radians(self.lat))


def draw_map(view: MapView, shapes: Iterable[Shape], pin: tuple[float, float] | None = None) -> str:
    """An SVG document: areas with names where there is room, the region's border, a pin."""
    areas, names = [], []
    for shape in sorted(shapes, key=lambda shape: shape.is_region):
        outline = [path for ring in shape.rings if (path := _path(view, ring))]
        if outline:
            areas.append(_area(shape, " ".join(outline)))
            names.append(_name(view, shape))
    drawn_pin = _pin(*view.pixel(*pin)) if pin else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{view.width}" height="{view.height}" '
        f'viewBox="0 0 {view.width} {view.height}" font-family="sans-serif" font-size="13">'
        f'<rect width="100%" height="100%" fill="#dde7ee"/>'
        f"{''.join(areas)}{''.join(names)}{drawn_pin}{_scale_bar(view)}</svg>"
    )


def _path(view: MapView, ring: Ring) -> str:
    """The ring in pixels without points nobody can tell apart; empty when it is out of sight."""
    drawn: list[tuple[float, float]] = []
    for long, lat, *_ in ring:
        x, y = view.pixel(lat, long)
        if not drawn or abs(x - drawn[-1][0]) + abs(y - drawn[-1][1]) >= 1:
            drawn.append((x, y))
    xs, ys = [x for x, _ in drawn], [y for _, y in drawn]
    out_of_sight = max(xs) < 0 or min(xs) > view.width or max(ys) < 0 or min(ys) > view.height
    if len(drawn) < 3 or out_of_sight:
        return ""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in drawn) + "z"


def _area(shape: Shape, path: str) -> str:
    if shape.is_region:
        return f'<path d="{path}" fill="none" stroke="#1a3da5" stroke-width="3"/>'
    return f'<path d="{path}" fill="#fff" stroke="#6e7597" stroke-width="1"/>'


def _name(view: MapView, shape: Shape) -> str:
    """The name in the middle of the largest ring if it fits there."""
    pixels = [view.pixel(p[1], p[0]) for p in max(shape.rings, key=len)]
    left, right = min(x for x, _ in pixels), max(x for x, _ in pixels)
    top, bottom = min(y for _, y in pixels), max(y for _, y in pixels)
    fits = right - left > 7 * len(shape.name) and bottom - top > 18
    if shape.is_region or not fits:
        return ""
    x, y = (left + right) / 2, (top + bottom) / 2 + 4
    place = f'x="{x:.0f}" y="{y:.0f}" text-anchor="middle"'
    return f'<text {place} fill="#353b5b">{escape(shape.name)}</text>'


def _pin(x: float, y: float) -> str:
    return (
        f'<g transform="translate({x:.1f} {y:.1f})"><path d="M0 0C-4-6-12-14-12-22a12 12 0 0 1 24 0'
        'C12-14 4-6 0 0z" fill="#c31c13" stroke="#fff" stroke-width="2"/>'
        '<circle cy="-22" r="4.5" fill="#fff"/></g>'
    )


def _scale_bar(view: MapView) -> str:
    """A round length of about a fifth of the picture."""
    wanted = view.span_m / 5
    power = 10 ** math.floor(math.log10(wanted))
    metres = max(step * power for step in (1, 2, 5) if step * power <= wanted)
    text = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    length, y = metres / view.span_m * view.width, view.height - 12
    return (
        f'<path d="M12 {y}h{length:.1f}m0-5v5m{-length:.1f} 0v-5" stroke="#131525" fill="none"/>'
        f'<text x="12" y="{y - 8}" fill="#131525">{text.replace(".", ",")}</text>'
    )
