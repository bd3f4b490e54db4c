"""``melder boundaries import``: which files are read, in which systems, and what is refused."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import pytest
import shapely
from sqlalchemy import text

from melder_common.unit_of_work import UnitOfWork
from melder_routing.store.boundary_files import BoundaryFileRefused
from melder_routing.use_cases.import_boundaries import (
    Wishes,
    import_boundaries,
)

from .demo_boundaries import GRID, TODAY, Areas, demo_areas, rows, unit, write

__all__ = ["unit"]

pytestmark = pytest.mark.integration


def write_with_gdal(file: Path, crs: str | None, areas: Areas = GRID, **more: Any) -> Path:
    pyogrio.raw.write(
        file,
        np.array([shapely.to_wkb(area) for _, area in areas.values()], object),
        [np.array(list(areas), object), np.array([name for name, _ in areas.values()], object)],
        ["ARS", "GEN"],
        geometry_type="Polygon",
        crs=crs,
        **more,
    )
    return file


def utm(areas: Areas) -> Areas:
    """Roughly the same squares in metres of EPSG:25833."""

    def moved(points: Any) -> Any:
        return np.column_stack(
            [(points[:, 0] - 15) * 65_500 + 500_000, (points[:, 1] - 54) * 111_300 + 5_984_000]
        )

    return {key: (name, shapely.transform(area, moved)) for key, (name, area) in areas.items()}


ESRI_UTM = (
    'PROJCS["ETRS_1989_UTM_Zone_33N",GEOGCS["GCS_ETRS_1989",DATUM["D_ETRS_1989",SPHEROID["GRS_1980",'
    '6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],'
    'PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",500000.0],'
    'PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",15.0],'
    'PARAMETER["Scale_Factor",0.9996],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
)


def zipped_shapefile(directory: Path) -> Path:
    write_with_gdal(directory / "orte.shp", "EPSG:25833", utm(GRID))
    (directory / "orte.prj").write_text(ESRI_UTM)
    with zipfile.ZipFile(directory / "orte.zip", "w") as archive:
        for part in directory.glob("orte.*"):
            if part.suffix != ".zip":
                archive.write(part, part.name)
                part.unlink()
    return directory / "orte.zip"


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(
            lambda d: write_with_gdal(d / "a.gpkg", "EPSG:25833", utm(GRID)), id="geopackage"
        ),
        pytest.param(zipped_shapefile, id="zipped shapefile with the words of Esri"),
        pytest.param(lambda d: write_with_gdal(d / "a.geojson", "EPSG:4326"), id="geojson"),
    ],
)
async def test_any_format_in_any_system(
    unit: UnitOfWork, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    wishes = Wishes(source="gitter", version="neu")
    report = await import_boundaries(unit, make(tmp_path), wishes, today=TODAY)
    assert (report.features, report.draft.layer) == (4, "gemeinde")
    assert (report.gaps, report.overlaps) == ((), ())
    extent = await unit.connection.scalar(
        text("SELECT ST_AsText(ST_Extent(geom)) FROM routing.boundary_area")
    )
    assert shapely.box(11.9, 53.9, 12.3, 54.3).contains(shapely.from_wkt(extent))


def flipped(areas: Areas) -> Areas:
    return {
        key: (name, shapely.transform(area, lambda points: points[:, ::-1]))
        for key, (name, area) in areas.items()
    }


def with_keys(rename: Callable[[str], Any]) -> Areas:
    return {rename(key): value for key, value in GRID.items()}


def nested(directory: Path) -> Path:
    file = write(directory / "a.geojson", GRID)
    collection = json.loads(file.read_text())
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [collection]}))
    return file


def two_tables(directory: Path) -> Path:
    file = write_with_gdal(directory / "a.gpkg", "EPSG:4326", layer="orte")
    return write_with_gdal(file, "EPSG:4326", layer="kreise", append=True)


def without_system(directory: Path) -> Path:
    file = write_with_gdal(directory / "a.shp", "EPSG:25833", utm(GRID))
    (directory / "a.prj").unlink()
    return file


def zip_of_nothing(directory: Path) -> Path:
    with zipfile.ZipFile(directory / "a.zip", "w") as archive:
        archive.writestr("liesmich.txt", "nichts")
    return directory / "a.zip"


def point() -> Areas:
    return {**GRID, "130729909999": ("Punkt", shapely.Point(12, 54))}


def flat() -> Areas:
    return {**GRID, "130729909999": ("Strich", shapely.Polygon([(12, 54), (12.1, 54.1), (12, 54)]))}


def truncated(directory: Path) -> Path:
    file = write(directory / "a.geojson", demo_areas())
    file.write_bytes(file.read_bytes()[:200_000])
    return file


def lost_file(directory: Path, suffix: str) -> Path:
    file = directory / f"a{suffix}"
    file.write_bytes(b"\x00\x01 no geometry")
    return file


UTM_AS_DEGREES = "these are metres, not degrees; name the system, e.g. --crs EPSG:25832"

REFUSED = [
    ("an empty layer", lambda d: write(d / "a.geojson", {}), "the layer is empty"),
    ("a truncated file", truncated, "cannot be read"),
    ("a broken GeoPackage", lambda d: lost_file(d, ".gpkg"), "cannot be read"),
    ("a broken archive", lambda d: lost_file(d, ".zip"), "cannot be read"),
    ("an archive without areas", zip_of_nothing, "cannot be read|holds several tables"),
    ("a kind nobody reads", lambda d: lost_file(d, ".dwg"), "is of no kind that is read"),
    ("no file", lambda d: d / "nowhere.gpkg", "does not exist"),
    ("collections in collections", nested, "collections within a collection"),
    ("several tables", two_tables, "name one of them: orte, kreise"),
    ("no reference system", without_system, "names no reference system"),
    ("swapped axes", lambda d: write(d / "a.geojson", flipped(GRID)), "latitude and longitude are swapped"),
    ("metres said to be degrees", lambda d: write(d / "a.geojson", utm(GRID)), UTM_AS_DEGREES),
    ("the wrong zone", lambda d: write_with_gdal(d / "a.gpkg", "EPSG:25830", utm(GRID)), "the reference system is wrong"),
    ("degrees said to be metres", lambda d: write_with_gdal(d / "a.gpkg", "EPSG:25833"), "the reference system is wrong"),
    ("a missing key", lambda d: write(d / "a.geojson", with_keys(lambda k: "" if k.endswith("2") else k)), r"feature 3 \(Ort 2\) has no key"),
    ("keys as numbers", lambda d: write(d / "a.geojson", with_keys(int)), "leading zeros are lost"),
    ("lost leading zeros", lambda d: write(d / "a.geojson", with_keys(lambda k: k[1:] if k.endswith("2") else k)), "1 with 11 digits"),
    ("the AGS for the ARS", lambda d: write(d / "a.geojson", with_keys(lambda k: k[4:])), "they are AGS"),
    ("no geometry", lambda d: write(d / "a.geojson", {**GRID, "130729909999": ("Leer", None)}), r"\(Leer\) has no geometry"),
    ("points among areas", lambda d: write(d / "a.geojson", point()), "Punkt is a Point, no area"),
    ("an area of no size", lambda d: write(d / "a.geojson", flat()), "Strich has no area left"),
    ("keys that tell no layer", lambda d: write(d / "a.geojson", with_keys(lambda k: f"Q{k}")), "--layer gemeinde"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "words"), [pytest.param(*rest, id=name) for name, *rest in REFUSED]
)
async def test_a_bad_file_is_refused_with_its_reason(
    unit: UnitOfWork, tmp_path: Path, make: Callable[[Path], Path], words: str
) -> None:
    file = make(tmp_path)
    with pytest.raises(BoundaryFileRefused, match=words):
        await import_boundaries(unit, file, Wishes(source="gitter"), today=TODAY)
    await unit.connection.rollback()
    assert await rows(unit, "boundary_area") == 0


def test_serving_loads_no_gdal_and_no_commands_of_operators() -> None:
    code = (
        "import sys, melder_routing.service_commands, melder_routing.main\n"
        "unwanted = {'pyogrio', 'shapely', 'numpy', 'yaml', 'melder_routing.region_commands'}\n"
        "print(sorted(unwanted & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
