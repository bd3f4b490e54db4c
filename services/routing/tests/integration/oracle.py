"""An oracle that decides from the source files with Shapely alone: no PostGIS, GDAL, PROJ or table.

It knows the rules of docs/routing.md in its own words: the smallest area that covers a place, else the
nearest within the tolerance (not across a state border), and how far another body's ground begins.
"""

import json
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

SIGHT_M = 2000.0
TOLERANCE_M = 25.0
SHORE_M = 200.0
SAME_LINE_M = 0.05

_A, _F = 6378137.0, 1 / 298.257222101
_N = _F / (2 - _F)
_RADIUS = _A / (1 + _N) * (1 + _N**2 / 4 + _N**4 / 64 + _N**6 / 256)
_ALPHA = (
    _N / 2 - 2 / 3 * _N**2 + 5 / 16 * _N**3 + 41 / 180 * _N**4 - 127 / 288 * _N**5,
    13 / 48 * _N**2 - 3 / 5 * _N**3 + 557 / 1440 * _N**4 + 281 / 630 * _N**5,
    61 / 240 * _N**3 - 103 / 140 * _N**4 + 15061 / 26880 * _N**5,
    49561 / 161280 * _N**4 - 179 / 168 * _N**5,
    34729 / 80640 * _N**5,
)


def utm32(degrees: Any) -> Any:
    """Longitude, latitude → metres in EPSG:25832, by Krüger's series: better than a millimetre."""
    long, lat = np.radians(degrees[:, 0] - 9.0), np.radians(degrees[:, 1])
    e = math.sqrt(_F * (2 - _F))
    conformal = np.sinh(np.arctanh(np.sin(lat)) - e * np.arctanh(e * np.sin(lat)))
    xi = np.arctan2(conformal, np.cos(long))
    eta = np.arcsinh(np.sin(long) / np.hypot(conformal, np.cos(long)))
    x, y = eta.copy(), xi.copy()
    for number, factor in enumerate(_ALPHA, start=1):
        x += factor * np.cos(2 * number * xi) * np.sinh(2 * number * eta)
        y += factor * np.sin(2 * number * xi) * np.cosh(2 * number * eta)
    scale = 0.9996 * _RADIUS
    return np.column_stack([500_000 + scale * x, scale * y])


@dataclass(frozen=True, slots=True)
class Ground:
    """An area of a source file with its body's slug."""

    layer: str
    key: str
    body: str
    m2: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What the oracle says of a point; metres, empty when nobody else's ground is in sight."""

    covering: frozenset[tuple[str, str]]
    body: str | None
    snapped: bool
    border_m: float | None


class Oracle:
    """Reads ``files`` (layer → GeoJSON); ``body_of(layer, key)`` is an area's body, if any."""

    def __init__(
        self,
        files: Mapping[str, Path],
        body_of: Callable[[str, str], str | None],
        waters: BaseGeometry | None = None,
    ) -> None:
        self._waters = waters
        areas = [entry for layer, file in files.items() for entry in _read(layer, file, body_of)]
        self._grounds = [ground for ground, _ in areas]
        self._degrees = np.array([area for _, area in areas], dtype=object)
        self._metres = shapely.transform(self._degrees, utm32)
        whole: dict[tuple[str, str], float] = {}
        for ground, m2 in zip(self._grounds, shapely.area(self._metres), strict=True):
            whole[ground.layer, ground.key] = whole.get((ground.layer, ground.key), 0.0) + float(m2)
        self._grounds = [
            Ground(ground.layer, ground.key, ground.body, whole[ground.layer, ground.key])
            for ground in self._grounds
        ]
        for shapes in (self._degrees, self._metres):
            shapely.prepare(shapes)
        self._tree = shapely.STRtree(self._degrees)
        self._near = shapely.STRtree(self._metres)

    def points(self, number: int, seed: int) -> list[shapely.Point]:
        """Half of them anywhere within the bounds, half within 60 m of some border."""
        dice = random.Random(seed)
        west, south, east, north = shapely.total_bounds(self._degrees)
        found = [
            shapely.Point(dice.uniform(west, east), dice.uniform(south, north))
            for _ in range(number // 2)
        ]
        return found + [self._at_a_border(dice) for _ in range(number - len(found))]

    def _at_a_border(self, dice: random.Random) -> shapely.Point:
        area = self._degrees[dice.randrange(len(self._degrees))]
        corners = shapely.get_coordinates(area)
        at = dice.randrange(len(corners) - 1)
        share = dice.choice((0.0, 1.0, dice.random()))
        x, y = corners[at] + share * (corners[at + 1] - corners[at])
        far = dice.choice((0.0, 0.5, 1.0)) * dice.uniform(0, 60) / 111_195
        turn = dice.uniform(0, 2 * math.pi)
        return shapely.Point(
            x + far * math.cos(turn) / math.cos(math.radians(y)), y + far * math.sin(turn)
        )

    def answer(self, points: Sequence[shapely.Point]) -> list[Answer]:
        """What is right for each of ``points``."""
        shapes = np.array(points, dtype=object)
        metres = shapely.transform(shapes, utm32)
        covering = _grouped(self._tree.query(shapes, predicate="covered_by"), len(points))
        near = _grouped(
            self._near.query(metres, predicate="dwithin", distance=SIGHT_M), len(points)
        )
        return [self._judge(shapes[n], metres[n], covering[n], near[n]) for n in range(len(points))]

    def _judge(
        self, degrees: Any, metres: Any, covering: Sequence[int], near: Sequence[int]
    ) -> Answer:
        distances = dict(
            zip(near, shapely.distance(self._metres[near], metres).tolist(), strict=True)
        )
        standing, off = list(covering), 0.0
        snapped = False
        if not covering:
            standing, off = self._snap(degrees, distances)
            snapped = bool(standing)
        body = self._smallest(standing).body if standing else None
        keys = frozenset((self._grounds[n].layer, self._grounds[n].key) for n in covering)
        return Answer(keys, body, snapped, self._border(distances, set(covering), body, off))

    def _snap(self, degrees: Any, distances: Mapping[int, float]) -> tuple[list[int], float]:
        at_shore = self._waters is not None and shapely.covers(self._waters, degrees)
        reach = SHORE_M if at_shore else TOLERANCE_M
        near = {n: far for n, far in distances.items() if far <= reach}
        if not near or len({self._grounds[n].key[:2] for n in near}) > 1:
            return [], 0.0
        nearest = min(near.values())
        return [n for n, far in near.items() if round(far, 2) <= round(nearest, 2)], nearest

    def _border(
        self, distances: Mapping[int, float], covering: set[int], body: str | None, off: float
    ) -> float | None:
        """How far the next ground begins that is another body's, were the place there."""
        found = [
            far
            for n, far in distances.items()
            if self._body_in(n, distances) != body
            and not self._has_parts(n, far, distances, covering)
        ]
        return round(max(0.0, min(found) - off), 1) if found else None

    def _body_in(self, n: int, distances: Mapping[int, float]) -> str:
        """Whose a place in ``n`` would be: that of the smallest it is a part of, or its own."""
        key = self._grounds[n].key
        chain = [other for other in distances if key.startswith(self._grounds[other].key)]
        return self._smallest(chain).body

    def _has_parts(
        self, n: int, far: float, distances: Mapping[int, float], covering: set[int]
    ) -> bool:
        """Whether a smaller area that is a part of ``n`` by its key begins just as near."""
        whole = self._grounds[n]
        return any(
            other != n
            and self._grounds[other].key.startswith(whole.key)
            and (self._grounds[other].m2, self._grounds[other].body) < (whole.m2, whole.body)
            and (0.0 if other in covering else there) <= far + SAME_LINE_M
            for other, there in distances.items()
        )

    def _smallest(self, numbers: Sequence[int]) -> Ground:
        return min((self._grounds[n] for n in numbers), key=lambda g: (g.m2, g.body, g.layer))


def _read(
    layer: str, file: Path, body_of: Callable[[str, str], str | None]
) -> Iterator[tuple[Ground, BaseGeometry]]:
    collection = json.loads(file.read_text(encoding="utf-8"))
    for feature in collection["features"]:
        key = feature["properties"]["ARS"]
        body = body_of(layer, key)
        if body is not None:
            area = shapely.geometry.shape(feature["geometry"])
            repaired = area if area.is_valid else shapely.make_valid(area, method="structure")
            yield Ground(layer, key, body, 0.0), repaired


def _grouped(pairs: Any, number: int) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in range(number)]
    for point, area in zip(*pairs.tolist(), strict=True):
        found[point].append(area)
    return found
