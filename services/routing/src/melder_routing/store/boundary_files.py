"""Reading boundary files (GeoJSON, GeoPackage, Shapefile, any reference system) through GDAL.

Only the commands of the operator come here: pyogrio and its GDAL stay out of the serving process,
and out of the images, which read GeoJSON without it.
"""

import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from melder_routing.domain.region_areas import Feature
from melder_routing.store.plain_geojson import NotGeoJson, read_plain_geojson

WGS84 = "EPSG:4326"
GEOJSON = (".geojson", ".json")
SUFFIXES = (*GEOJSON, ".gpkg", ".zip", ".shp")
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
    check_file(path)
    if find_spec("pyogrio") is None:
        return _read_without_gdal(path, key, name)

    import pyogrio.errors  # noqa: PLC0415 (GDAL costs 60 MB; see the module's docstring)
    import pyogrio.raw  # noqa: PLC0415 (as above)

    try:
        layer = None  # GDAL parses all of a GeoJSON whenever it opens it, so it opens it once
        if path.suffix.lower() not in GEOJSON or table:
            layer = _layer(path, [str(row[0]) for row in pyogrio.list_layers(path)], table)
        wanted = [*((key,) if key else KEYS), name]
        meta, _, geometries, fields = pyogrio.raw.read(path, layer=layer, columns=wanted)
        if not len(geometries):
            raise _empty(path)
        there = list(meta["fields"])
        if not {name, key or name} <= set(there) or not set(there) & set(wanted[:-1]):
            there = list(pyogrio.read_info(path, layer=layer)["fields"])
        key = _find_key(path, there, key, name)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise _unreadable(path, error) from error
    except (pyogrio.errors.FeatureError, pyogrio.errors.GeometryError) as error:
        raise _unreadable(path, error) from error
    by_name = dict(zip(meta["fields"], fields, strict=True))
    if by_name[key].dtype != object:
        raise _key_is_a_number(path, key)
    return meta, geometries, by_name[key], by_name[name]


def _read_without_gdal(path: Path, key: str | None, name: str) -> tuple[Any, Any, Any, Any]:
    """As ``_read`` for GeoJSON, in an image that has no GDAL."""
    if path.suffix.lower() not in GEOJSON:
        raise BoundaryFileRefused(
            f"{path.name} needs GDAL, which this image does without; bring GeoJSON "
            "(ogr2ogr makes it) or build the image with REQUIREMENTS=routing-gdal"
        )
    try:
        reference, features = read_plain_geojson(path)
    except NotGeoJson as error:
        raise _unreadable(path, error) from error
    if not features:
        raise _empty(path)
    there = list(dict.fromkeys(name for feature in features for name in feature.properties))
    key = _find_key(path, there, key, name)
    keys = [feature.properties.get(key) for feature in features]
    if any(not isinstance(found, str | None) for found in keys):
        raise _key_is_a_number(path, key)
    names = [feature.properties.get(name) for feature in features]
    return {"crs": reference}, [feature.wkb for feature in features], keys, names


def _find_key(path: Path, there: Sequence[str], key: str | None, name: str) -> str:
    key = key or next((known for known in KEYS if known in there), KEYS[0])
    for wanted in (key, name):
        if wanted not in there:
            raise BoundaryFileRefused(
                f"{path.name} has no property {wanted}; set key and name to some of: "
                + ", ".join(there)
            )
    return key


def _key_is_a_number(path: Path, key: str) -> BoundaryFileRefused:
    return BoundaryFileRefused(
        f"{path.name}: {key} is a number, so leading zeros are lost; export it as text"
    )


def _empty(path: Path) -> BoundaryFileRefused:
    return BoundaryFileRefused(f"{path.name}: the layer is empty; export it again")


def check_file(path: Path, suffixes: Sequence[str] = SUFFIXES) -> None:
    """Whether there is a file of a kind that is read completely. Raises BoundaryFileRefused."""
    if not path.exists():
        raise BoundaryFileRefused(f"{path} does not exist; correct file, or put it there")
    if path.suffix.lower() not in suffixes:
        raise BoundaryFileRefused(
            f"{path.name} is of no kind that is read; bring GeoJSON, GeoPackage or a Shapefile "
            f"({', '.join(suffixes)})"
        )
    if path.suffix.lower() in GEOJSON and _nests_collections(path):
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
