"""Reading boundary files (GeoJSON, GeoPackage, Shapefile, any reference system) through GDAL.

Only the commands of the operator come here: pyogrio and its GDAL stay out of the serving process.
"""

from pathlib import Path
from typing import Any

from melder_routing.domain.region_areas import Feature

WGS84 = "EPSG:4326"


class BoundaryFileRefused(ValueError):
    """A boundary file that cannot be used; the message names the remedy."""


def read_boundary_file(
    path: Path, *, key: str, name: str, crs: str | None = None
) -> tuple[Feature, ...]:
    """Every feature of ``path`` with its properties ``key`` and ``name``.

    ``crs`` overrides what the file says about its reference system. Raises BoundaryFileRefused.
    """
    meta, geometries, columns = _read(path, key, name)
    reference = crs or meta["crs"]
    if not reference:
        raise BoundaryFileRefused(f"{path.name} names no reference system; set crs: EPSG:25832")
    keys, names = columns
    features = []
    for number, wkb in enumerate(geometries):
        if wkb is None:
            raise BoundaryFileRefused(
                f"{path.name}: feature {number + 1} ({names[number]}) has no geometry; remove it"
            )
        features.append(Feature(_text(keys[number]), _text(names[number]), bytes(wkb), reference))
    return tuple(features)


def _read(path: Path, key: str, name: str) -> tuple[Any, Any, list[Any]]:
    import pyogrio.errors  # noqa: PLC0415 (GDAL costs 60 MB; see the module's docstring)
    import pyogrio.raw  # noqa: PLC0415 (as above)

    if not path.exists():
        raise BoundaryFileRefused(f"{path} does not exist; correct file, or put it there")
    try:
        there = list(pyogrio.read_info(path)["fields"])
        for wanted in (key, name):
            if wanted not in there:
                raise BoundaryFileRefused(
                    f"{path.name} has no property {wanted}; set key and name to some of: "
                    + ", ".join(there)
                )
        meta, _, geometries, fields = pyogrio.raw.read(path, columns=[key, name])
    except pyogrio.errors.DataSourceError as error:
        raise BoundaryFileRefused(
            f"{path.name} cannot be read ({error}); bring GeoJSON, GeoPackage or a Shapefile"
        ) from error
    by_name = dict(zip(meta["fields"], fields, strict=True))
    if by_name[key].dtype != object:
        raise BoundaryFileRefused(
            f"{path.name}: {key} is a number, so leading zeros are lost; export it as text"
        )
    return meta, geometries, [by_name[key], by_name[name]]


def _text(value: Any) -> str:
    return "" if value is None else str(value)
