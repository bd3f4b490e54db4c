"""Reading GeoJSON (RFC 7946, and the older member ``crs``) without GDAL.

GDAL alone weighs a third of what a container image may. The images do without it and read GeoJSON
by this module, to the same bytes as GDAL would.
"""

import json
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WGS84 = "EPSG:4326"
POLYGON, MULTI_POLYGON = 3, 6
_LITTLE_ENDIAN = 1
_CODE = re.compile(r"EPSG:(?:[0-9.]*:)?(\d+)$")


class NotGeoJson(ValueError):
    """The file holds no GeoJSON of areas; the message says what it holds instead."""


@dataclass(frozen=True, slots=True)
class PlainFeature:
    """A feature with all its properties; ``wkb``: its area, None where it has none."""

    properties: Mapping[str, Any]
    wkb: bytes | None


def read_plain_geojson(path: Path) -> tuple[str | None, tuple[PlainFeature, ...]]:
    """The reference system of the file (None: not understood) and its features.

    Raises NotGeoJson, OSError.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
        features = found["features"]
        return reference_of(found), tuple(_feature(feature) for feature in features)
    except (ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise NotGeoJson(f"{type(error).__name__}: {error}") from error


def reference_of(collection: Mapping[str, Any]) -> str | None:
    """``EPSG:…`` as the member ``crs`` names it; without one GeoJSON is in WGS 84."""
    if not collection.get("crs"):
        return WGS84
    name = str(collection["crs"]["properties"]["name"])
    if name.endswith("CRS84"):
        return WGS84
    code = _CODE.search(name)
    return f"EPSG:{code.group(1)}" if code else None


def area_as_wkb(geometry: Mapping[str, Any]) -> bytes:
    """A Polygon or MultiPolygon as well-known binary, heights left out. Raises NotGeoJson."""
    coordinates = geometry["coordinates"]
    if geometry["type"] == "Polygon":
        return _polygon(coordinates)
    if geometry["type"] == "MultiPolygon":
        head = struct.pack("<BII", _LITTLE_ENDIAN, MULTI_POLYGON, len(coordinates))
        return head + b"".join(_polygon(rings) for rings in coordinates)
    raise NotGeoJson(f"a {geometry['type']} is no area; remove it")


def _feature(feature: Mapping[str, Any]) -> PlainFeature:
    geometry = feature.get("geometry")
    properties = dict(feature.get("properties") or {})
    return PlainFeature(properties, area_as_wkb(geometry) if geometry else None)


def _polygon(rings: Sequence[Sequence[Sequence[float]]]) -> bytes:
    head = struct.pack("<BII", _LITTLE_ENDIAN, POLYGON, len(rings))
    return head + b"".join(_ring(ring) for ring in rings)


def _ring(positions: Sequence[Sequence[float]]) -> bytes:
    numbers = [number for position in positions for number in position[:2]]
    return struct.pack(f"<I{len(numbers)}d", len(positions), *numbers)
