"""Whether a place lies in an area: the even-odd rule, looked up in bands of latitude.

Own code, because a library that can do this brings 15 MB of memory (NumPy) into every process, and
costs more per single point. A test compares it with Shapely.
"""

from array import array
from collections.abc import Iterable, Sequence
from itertools import pairwise

Position = tuple[float, float]
"""Longitude and latitude, WGS 84."""
Ring = Sequence[Position]
"""A closed line: its last position is its first."""

EDGES_PER_BAND = 8
MOST_BANDS = 20_000


class Area:
    """What lies within an odd number of ``rings`` (outer ones, and those of holes).

    Edges are straight lines between degrees, as in GeoJSON. The border belongs to the inside.
    """

    def __init__(self, rings: Iterable[Ring]) -> None:
        edges = array("d")
        for ring in rings:
            for (long1, lat1), (long2, lat2) in pairwise(ring):
                edges.extend((long1, lat1, long2, lat2))
        self._edges = edges
        self._south = min(edges[1::2], default=0.0)
        self._north = max(edges[1::2], default=-1.0)
        count = min(max(len(edges) // 4 // EDGES_PER_BAND, 1), MOST_BANDS)
        self._per_degree = count / ((self._north - self._south) or 1.0)
        self._bands = [array("L") for _ in range(count + 1)]
        for start in range(0, len(edges), 4):
            low, high = sorted((edges[start + 1], edges[start + 3]))
            for band in self._bands[self._band_of(low) : self._band_of(high) + 1]:
                band.append(start)

    def covers(self, lat: float, long: float) -> bool:
        """Whether the place lies inside or on the border."""
        if not self._south <= lat <= self._north:
            return False
        inside = False
        for start in self._bands[self._band_of(lat)]:
            long1, lat1, long2, lat2 = self._edges[start : start + 4]
            if (lat < lat1 and lat < lat2) or (lat > lat1 and lat > lat2):
                continue
            # how far east of the edge's line the place lies, times the edge's rise
            side = (long - long1) * (lat2 - lat1) - (lat - lat1) * (long2 - long1)
            if side == 0 and min(long1, long2) <= long <= max(long1, long2):
                return True
            # an edge counts with its lower end and without its upper one, so a corner counts once
            if (lat1 > lat) != (lat2 > lat) and (side < 0) == (lat2 > lat1):
                inside = not inside
        return inside

    def _band_of(self, lat: float) -> int:
        return int((lat - self._south) * self._per_degree)
