"""The small picture of where a case lies, with the borders around it."""

import math
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from melder_routing.store.desk_map import list_borders
from melder_web.static_map import METRES_PER_DEGREE, MapView, Shape, draw_map

MAP_WIDTH, MAP_HEIGHT = 480, 300
SMALLEST_MAP_M, USUAL_MAP_M, LARGEST_MAP_M = 1_000.0, 4_000.0, 6_000.0


async def draw_case_map(
    connection: AsyncConnection, place: tuple[float, float], border_m: float | None, on: date
) -> str:
    """The SVG around ``place`` (latitude, longitude); ``border_m``: metres to the next border."""
    view = _view(*place, border_m)
    south, west, north, east = _box(view)
    borders = await list_borders(connection, south=south, west=west, north=north, east=east, on=on)
    return draw_map(view, [Shape(border.name, border.rings) for border in borders], pin=place)


def _view(lat: float, long: float, border_m: float | None) -> MapView:
    """Wide enough to show the nearest border, never so wide that the pin means nothing."""
    wanted = USUAL_MAP_M if border_m is None else 4 * border_m
    span = min(max(wanted, SMALLEST_MAP_M), LARGEST_MAP_M)
    return MapView(lat, long, span, MAP_WIDTH, MAP_HEIGHT)


def _box(view: MapView) -> tuple[float, float, float, float]:
    """South, west, north, east of the picture with a margin, so that cut edges lie outside."""
    north_south = view.span_m * view.height / view.width / METRES_PER_DEGREE * 0.55
    east_west = view.span_m / METRES_PER_DEGREE / math.cos(math.radians(view.lat)) * 0.55
    return (
        view.lat - north_south,
        view.long - east_west,
        view.lat + north_south,
        view.long + east_west,
    )
