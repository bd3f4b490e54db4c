"""What a boundary file must be before anything of it counts. Needs Shapely, as ``coverage``."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import shapely

from melder_common.geo import GERMANY
from melder_routing.domain.region_areas import Feature

LAYERS = {2: "land", 5: "kreis", 9: "verband", 12: "gemeinde"}
"""The layer by the number of digits of its regional keys (ARS = Land 2, Kreis 5, Verband 9)."""
AGS_DIGITS = 8
NEIGHBOURS_DEGREES = 2.0
"""How far around Germany areas may lie: neighbouring countries, the Exclusive Economic Zone."""


def key_mistakes(features: Sequence[Feature]) -> Iterator[str]:
    """Why the regional keys of ``features`` cannot be used; nothing when they can."""
    for number, feature in enumerate(features, start=1):
        if not feature.key:
            yield (
                f"feature {number} ({feature.name or 'without a name'}) has no key; "
                "give every feature one, or name another property with --key"
            )
    if all(feature.key.isdecimal() for feature in features):
        yield from _length_mistakes(Counter(len(feature.key) for feature in features))


def _length_mistakes(lengths: Counter[int]) -> Iterator[str]:
    if len(lengths) > 1:
        counted = ", ".join(f"{number} with {length} digits" for length, number in lengths.items())
        yield (
            f"the keys are of different length ({counted}): leading zeros were lost, or the file "
            "holds several layers; export keys as text and one layer a file"
        )
    elif AGS_DIGITS in lengths:
        yield (
            "the keys have 8 digits, they are AGS; use the property with the ARS (12 digits), "
            "it names the Verband too"
        )


def layer_of(features: Sequence[Feature]) -> str | None:
    """The layer that the keys' length tells, or nothing."""
    lengths = {len(f.key) if f.key.isdecimal() else 0 for f in features}
    return LAYERS.get(lengths.pop()) if len(lengths) == 1 else None


def source_mistakes(features: Sequence[Feature]) -> Iterator[str]:
    """Why the coordinates of ``features`` cannot be those of their reference system."""
    shapes = shapely.from_wkb([feature.wkb for feature in features], on_invalid="ignore")
    for feature, shape in zip(features, shapes, strict=True):
        if shape is None:
            yield f"{_called(feature)} is no readable geometry; export it again"
        elif shapely.get_dimensions(shape) != 2:
            yield f"{_called(feature)} is a {shape.geom_type}, no area; keep only polygons"
        elif shape.is_empty:
            yield f"{_called(feature)} has an empty geometry; remove it"
    if {feature.crs for feature in features} <= {"EPSG:4326", "OGC:CRS84", "EPSG:4258"}:
        yield from _degree_mistakes(features, shapely.bounds(shapes))


def _degree_mistakes(features: Sequence[Feature], bounds: Any) -> Iterator[str]:
    wide = np.flatnonzero(np.abs(bounds).max(axis=1) > 360)
    if len(wide):
        first = int(wide[0])
        x, y = bounds[first][:2]
        yield (
            f"{_called(features[first])} and {len(wide) - 1} more have coordinates like "
            f"{x:.0f}, {y:.0f}: these are metres, not degrees; name the system, e.g. "
            "--crs EPSG:25832"
        )


def place_mistakes(keys: Sequence[str], shapes: Any) -> Iterator[str]:
    """Why ``shapes`` (WGS 84) cannot be where they are; nothing when they can."""
    west, south, east, north = shapely.bounds(shapes).T
    if _all_in_germany(south, west, north, east):
        yield (
            "latitude and longitude are swapped: GeoJSON and WGS 84 files give the longitude "
            "first; export the file again with the axes in that order"
        )
        return
    lost = np.flatnonzero(~_in_germany(west, south, east, north))
    if len(lost):
        first = int(lost[0])
        yield (
            f"{keys[first]} lies at {south[first]:.4f}, {west[first]:.4f}, far from Germany, and "
            f"{len(lost) - 1} more of {len(keys)} do; the reference system is wrong: name the "
            "right one with --crs, or remove these areas"
        )


def _in_germany(west: Any, south: Any, east: Any, north: Any) -> Any:
    lowest, highest, left, right = GERMANY
    more = NEIGHBOURS_DEGREES
    return (
        (west > left - more)
        & (east < right + more)
        & (south > lowest - more)
        & (north < highest + more)
    )


def _all_in_germany(west: Any, south: Any, east: Any, north: Any) -> bool:
    return bool(np.all(_in_germany(west, south, east, north)))


def _called(feature: Feature) -> str:
    return f"{feature.key} {feature.name}".strip() or "a feature without key and name"
