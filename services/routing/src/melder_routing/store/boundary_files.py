"""Reading boundary files (GeoJSON, GeoPackage, Shapefile, any reference system) through GDAL.

Only the commands of the operator come here: pyogrio and its GDAL stay out of the serving process.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from melder_routing.domain.region_areas import Feature

WGS84 = "EPSG:4326"
SUFFIXES = (".geojson", ".json", ".gpkg", ".zip", ".shp")
KEYS = ("ARS", "RS")
"""Where German offices keep the regional key; the first there counts unless one is named."""

_COLLECTION = re.compile(rb'"type"\s*:\s*"FeatureCollection"')


class BoundaryFileRefused(ValueError):
    """A boundary file that cannot be used; the message names the remedy."""


def read_boundary_file(
    path: Path,
    *,
    key: str | None,
    name: str,
    crs: str | None = None,
    table: str | None = None,
) -> tuple[Feature, ...]:
    """Every feature of ``path`` with its properties ``key`` and ``name``.

    Without ``key`` the first of ``KEYS`` that is there. ``crs`` overrides what the file says about
    its reference system; ``table`` names one of several layers. Raises BoundaryFileRefused.
    """
    meta, geometries, keys, names = _read(path, key, name, table)
    reference = crs or meta["crs"]
    if not reference:
        raise BoundaryFileRefused(f"{path.name} names no reference system; set crs: EPSG:25832")
    features = []
    for number, wkb in enumerate(geometries):
        if wkb is None:
            raise BoundaryFileRefused(
                f"{path.name}: feature {number + 1} ({names[number]}) has no geometry; remove it"
            )
        features.append(Feature(_text(keys[number]), _text(names[number]), bytes(wkb), reference))
    return tuple(features)


def _read(path: Path, key: str | None, name: str, table: str | None) -> tuple[Any, Any, Any, Any]:
    import pyogrio.errors  # noqa: PLC0415 (GDAL costs 60 MB; see the module's docstring)
    import pyogrio.raw  # noqa: PLC0415 (as above)

    check_file(path)
    try:
        layer = _layer(path, [str(row[0]) for row in pyogrio.list_layers(path)], table)
        info = pyogrio.read_info(path, layer=layer)
        if info["features"] == 0:
            raise BoundaryFileRefused(f"{path.name}: the layer is empty; export it again")
        there = list(info["fields"])
        key = key or next((known for known in KEYS if known in there), KEYS[0])
        for wanted in (key, name):
            if wanted not in there:
                raise BoundaryFileRefused(
                    f"{path.name} has no property {wanted}; set key and name to some of: "
                    + ", ".join(there)
                )
        meta, _, geometries, fields = pyogrio.raw.read(path, layer=layer, columns=[key, name])
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise _unreadable(path, error) from error
    except (pyogrio.errors.FeatureError, pyogrio.errors.GeometryError) as error:
        raise _unreadable(path, error) from error
    by_name = dict(zip(meta["fields"], fields, strict=True))
    if by_name[key].dtype != object:
        raise BoundaryFileRefused(
            f"{path.name}: {key} is a number, so leading zeros are lost; export it as text"
        )
    return meta, geometries, by_name[key], by_name[name]


def check_file(path: Path, suffixes: Sequence[str] = SUFFIXES) -> None:
    """Whether there is a file of a kind that is read completely. Raises BoundaryFileRefused."""
    if not path.exists():
        raise BoundaryFileRefused(f"{path} does not exist; correct file, or put it there")
    if path.suffix.lower() not in suffixes:
        raise BoundaryFileRefused(
            f"{path.name} is of no kind that is read; bring GeoJSON, GeoPackage or a Shapefile "
            f"({', '.join(suffixes)})"
        )
    if path.suffix.lower() in {".geojson", ".json"} and _nests_collections(path):
        raise BoundaryFileRefused(
            f"{path.name} holds collections within a collection, which GDAL would drop; "
            "write all features into one FeatureCollection"
        )


def _nests_collections(path: Path) -> bool:
    return len(_COLLECTION.findall(path.read_bytes())) > 1


def _layer(path: Path, layers: Sequence[str], table: str | None) -> str:
    if table is None and len(layers) == 1:
        return layers[0]
    if table in layers:
        return str(table)
    problem = f"has no table {table}" if table else "holds several tables"
    raise BoundaryFileRefused(f"{path.name} {problem}; name one of them: {', '.join(layers)}")


def _unreadable(path: Path, error: Exception) -> BoundaryFileRefused:
    return BoundaryFileRefused(
        f"{path.name} cannot be read ({error}); bring GeoJSON, GeoPackage or a Shapefile"
    )


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()
