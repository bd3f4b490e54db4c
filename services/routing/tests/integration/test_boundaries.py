"""Boundary files: any reference system, repaired without losing holes and parts."""

import json
from pathlib import Path
from typing import Any

import pytest
import shapely
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_routing.domain.region_areas import Feature
from melder_routing.store.boundary_files import BoundaryFileRefused, read_boundary_file
from melder_routing.store.region_geometry import area_sql, degrees_sql

pytestmark = pytest.mark.integration

BOWTIE = [[12.0, 54.0], [12.1, 54.1], [12.1, 54.0], [12.0, 54.1], [12.0, 54.0]]
OUTER = [[12.0, 54.0], [12.4, 54.0], [12.4, 54.4], [12.0, 54.4], [12.0, 54.0]]
HOLE = [[12.1, 54.1], [12.2, 54.1], [12.2, 54.2], [12.1, 54.2], [12.1, 54.1]]
ISLAND = [[12.5, 54.0], [12.6, 54.0], [12.6, 54.1], [12.5, 54.0]]


def write(file: Path, *geometries: dict[str, Any], crs: str | None = None, key: Any = "13") -> Path:
    features = [
        {"type": "Feature", "properties": {"ARS": key, "GEN": f"Ort {n}"}, "geometry": geometry}
        for n, geometry in enumerate(geometries)
    ]
    collection: dict[str, Any] = {"type": "FeatureCollection", "features": features}
    if crs:
        collection["crs"] = {"type": "name", "properties": {"name": crs}}
    file.write_text(json.dumps(collection), encoding="utf-8")
    return file


def polygon(*rings: list[list[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def read(file: Path) -> tuple[Feature, ...]:
    return read_boundary_file(file, key="ARS", name="GEN")


async def imported(connection: AsyncConnection, feature: Feature) -> shapely.Geometry:
    degrees = degrees_sql("CAST(:wkb AS bytea)", "CAST(:crs AS text)")
    sql = f"SELECT ST_AsBinary({area_sql('degrees')}) FROM (SELECT {degrees} AS degrees) AS given"
    wkb = await connection.scalar(text(sql), {"wkb": feature.wkb, "crs": feature.crs})
    return shapely.from_wkb(bytes(wkb))


async def test_holes_and_parts_survive(demo: AsyncConnection, tmp_path: Path) -> None:
    both = {"type": "MultiPolygon", "coordinates": [[OUTER, HOLE], [ISLAND]]}
    (feature,) = read(write(tmp_path / "a.geojson", both))
    area = await imported(demo, feature)
    assert shapely.equals(area, shapely.geometry.shape(both))
    assert shapely.get_num_geometries(area) == 2
    assert not shapely.covers(area, shapely.Point(12.15, 54.15))


async def test_an_invalid_ring_is_repaired(demo: AsyncConnection, tmp_path: Path) -> None:
    (feature,) = read(write(tmp_path / "a.geojson", polygon(BOWTIE)))
    area = await imported(demo, feature)
    assert shapely.is_valid(area)
    assert shapely.get_num_geometries(area) == 2


@pytest.mark.parametrize(
    ("crs", "x", "y"),
    [
        ("EPSG:25832", 707_000.0, 5_996_000.0),
        ("EPSG:25833", 313_000.0, 5_998_000.0),
        ("EPSG:3857", 1_352_000.0, 7_188_000.0),
        ("EPSG:31468", 4_507_000.0, 5_996_000.0),
    ],
)
async def test_any_reference_system_becomes_degrees(
    demo: AsyncConnection, tmp_path: Path, crs: str, x: float, y: float
) -> None:
    ring = [[x, y], [x + 1000, y], [x + 1000, y + 1000], [x, y + 1000], [x, y]]
    (feature,) = read(write(tmp_path / "a.geojson", polygon(ring), crs=crs))
    area = await imported(demo, feature)
    back = await demo.scalar(
        text("SELECT ST_AsText(ST_SnapToGrid(ST_Centroid(ST_Transform(ST_GeomFromWKB(:wkb, 4326),"
             " CAST(:srid AS int))), 1))"),
        {"wkb": shapely.to_wkb(area), "srid": int(crs.removeprefix("EPSG:"))},
    )  # fmt: skip
    assert shapely.box(11, 53, 13.5, 55).covers(area)
    assert shapely.from_wkt(back).distance(shapely.Point(x + 500, y + 500)) < 2


def test_a_geopackage_in_metres_is_read_with_its_system(tmp_path: Path) -> None:
    import numpy as np
    import pyogrio.raw

    file = tmp_path / "orte.gpkg"
    pyogrio.raw.write(
        file,
        np.array([shapely.to_wkb(shapely.box(700_000, 5_990_000, 701_000, 5_991_000))], object),
        [np.array(["010010000000"], object), np.array(["Flensburg"], object)],
        ["ARS", "GEN"],
        geometry_type="Polygon",
        crs="EPSG:25832",
    )
    (feature,) = read(file)
    assert (feature.key, feature.name, feature.crs) == ("010010000000", "Flensburg", "EPSG:25832")


@pytest.mark.parametrize(
    ("key", "geometry", "words"),
    [
        (13072, polygon(OUTER), "leading zeros are lost; export it as text"),
        ("13", None, "has no geometry; remove it"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_remedy(
    tmp_path: Path, key: Any, geometry: Any, words: str
) -> None:
    file = write(tmp_path / "a.geojson", geometry, key=key)
    with pytest.raises(BoundaryFileRefused, match=words):
        read(file)


def test_a_text_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.geojson"
    file.write_text("no geometry in here")
    with pytest.raises(BoundaryFileRefused, match="bring GeoJSON, GeoPackage or a Shapefile"):
        read(file)
