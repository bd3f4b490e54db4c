"""Gaps and overlaps of areas that are meant to cover the ground once. Needs Shapely.

Only the commands of the operator load this module: Shapely and NumPy stay out of serving.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from melder_routing.domain.boundary_report import Place

SLIVER_M2 = 1.0
"""Smaller gaps and overlaps are roundings of the source: nobody can stand there (square metres)."""
_DEGREE_M = 111_195.0

Geometries = Any
"""A NumPy array of Shapely polygons or multipolygons in WGS 84."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is nobody's within the outline, and what two areas claim; the largest first."""

    gaps: tuple[Place, ...]
    overlaps: tuple[Place, ...]


def check_coverage(keys: Sequence[str], geometries: Geometries) -> Coverage:
    """Gaps and overlaps of more than a square metre; areas of the same key are one."""
    tree = shapely.STRtree(geometries)
    suspects = np.flatnonzero(~shapely.is_empty(shapely.coverage_invalid_edges(geometries)))
    overlaps = sorted(_overlaps(keys, geometries, tree, suspects), key=_largest_first)
    united = _united(geometries, valid=len(suspects) == 0)
    gaps = sorted(_gaps(keys, geometries, tree, united), key=_largest_first)
    return Coverage(tuple(gaps), tuple(overlaps))


def square_metres(geometries: Geometries) -> Any:
    """Areas on the ground, to about one per cent: degrees shrink with the latitude."""
    bounds = shapely.bounds(geometries)
    latitude = np.radians((bounds[..., 1] + bounds[..., 3]) / 2)
    squared = shapely.area(geometries) * _DEGREE_M**2 * np.cos(latitude)
    return np.nan_to_num(squared)


def _united(geometries: Geometries, *, valid: bool) -> Any:
    return shapely.coverage_union_all(geometries) if valid else shapely.union_all(geometries)


def _overlaps(
    keys: Sequence[str], geometries: Geometries, tree: shapely.STRtree, suspects: Any
) -> Iterator[Place]:
    """Only areas whose edges do not fit their neighbours' can overlap anything."""
    some = geometries[suspects]
    shapely.prepare(some)
    firsts, seconds = tree.query(some, predicate="intersects")
    pairs = {tuple(sorted(pair)) for pair in zip(suspects[firsts], seconds, strict=True)}
    for first, second in sorted(pairs):
        if keys[first] != keys[second]:
            shared = shapely.intersection(geometries[first], geometries[second])
            yield from _place(shared, (keys[first], keys[second]))


def _gaps(
    keys: Sequence[str], geometries: Geometries, tree: shapely.STRtree, united: Any
) -> Iterator[Place]:
    parts = shapely.get_parts(united)
    rings = [ring for part in parts for ring in shapely.get_rings(part)[1:]]
    for gap in shapely.polygons(rings) if rings else ():
        around = tree.query(gap, predicate="intersects")
        free = shapely.difference(gap, shapely.union_all(geometries[around]))
        yield from _place(free, tuple(sorted({keys[n] for n in around})))


def _place(ground: Any, keys: tuple[str, ...]) -> Iterator[Place]:
    polygons = [part for part in shapely.get_parts(ground) if part.geom_type == "Polygon"]
    size = math.fsum(float(square_metres(polygon)) for polygon in polygons)
    if size > SLIVER_M2:
        inside = shapely.point_on_surface(max(polygons, key=shapely.area))
        yield Place(round(size, 1), round(inside.y, 6), round(inside.x, 6), keys)


def _largest_first(place: Place) -> tuple[float, tuple[str, ...]]:
    return (-place.m2, place.keys)
