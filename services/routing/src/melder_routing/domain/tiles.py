"""The integer tile of a place: a box search that row-level security cannot slow down.

PostGIS functions are not leakproof, so under row-level security they cannot use an index; an
integer column can. A tile is a square of the web's tile grid at zoom 14 (about 1.4 km wide in
northern Germany), written as ``x * 2**14 + y``.
"""

import math

ZOOM = 14
_SIDE = 1 << ZOOM
_NORTHERNMOST = 85.05112878


def tile_of(lat: float, long: float) -> int:
    """The tile that holds a place (degrees, WGS 84); places beyond the grid fall into its edge."""
    x, y = _column(long), _row(lat)
    return x * _SIDE + y


def tiles_in_box(south: float, west: float, north: float, east: float) -> list[int]:
    """All tiles that a box touches; the caller limits the size of the box."""
    return [
        x * _SIDE + y
        for x in range(_column(west), _column(east) + 1)
        for y in range(_row(north), _row(south) + 1)
    ]


def _column(long: float) -> int:
    return min(max(int((long + 180) / 360 * _SIDE), 0), _SIDE - 1)


def _row(lat: float) -> int:
    limited = math.radians(min(max(lat, -_NORTHERNMOST), _NORTHERNMOST))
    share = (1 - math.asinh(math.tan(limited)) / math.pi) / 2
    return min(max(int(share * _SIDE), 0), _SIDE - 1)
