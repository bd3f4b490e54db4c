"""``melder boundaries import``: what is found, what is kept, what is refused."""

import json
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import pytest
import shapely
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import text

from melder_common.database import make_engine
from melder_common.event_values import BodyRef
from melder_common.geo import Coordinate
from melder_common.testing.postgres import PostgresCluster
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.boundary_words import report_lines
from melder_routing.domain.decision import Decision
from melder_routing.domain.region_findings import RegionRefused
from melder_routing.store.boundary_files import BoundaryFileRefused
from melder_routing.store.boundary_imports import BoundariesOutOfOrder, settle_imports
from melder_routing.store.metadata import EVENT_TABLES
from melder_routing.store.region_geometry import BoundaryVersionChanged
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.use_cases.apply_region import apply_region
from melder_routing.use_cases.decide_places import PlaceToDecide, decide_places
from melder_routing.use_cases.import_boundaries import (
    Wishes,
    check_boundaries,
    import_boundaries,
)
from melder_routing.use_cases.read_region import read_region

pytestmark = pytest.mark.integration

DEMO = Path(__file__).parents[4] / "infra/demo"
TODAY = date(2026, 11, 23)
NEW_YEAR = date(2027, 1, 1)
ROGGENTIN, BRODERSTORF = "130725253087", "130725253019"

Areas = dict[str, tuple[str, BaseGeometry]]
"""Key → name and polygon."""


@pytest.fixture
async def unit(demo_database: str, postgres: PostgresCluster) -> AsyncIterator[UnitOfWork]:
    """A unit of work on the demo region that is taken back after the test."""
    engine = make_engine(
        postgres.url(demo_database, "routing_worker"), application_name="test", pool_size=1
    )
    async with engine.connect() as connection:
        yield UnitOfWork(
            connection,
            tables=EVENT_TABLES,
            speaker="routing",
            partitions=4,
            now=datetime(2026, 11, 23, 12, tzinfo=UTC),
        )
        await connection.rollback()
    await engine.dispose()


def demo_areas(name: str = "gemeinden") -> Areas:
    collection = json.loads((DEMO / f"boundaries/{name}.geojson").read_text(encoding="utf-8"))
    return {
        feature["properties"]["ARS"]: (feature["properties"]["GEN"], shape(feature["geometry"]))
        for feature in collection["features"]
    }


def write(file: Path, areas: Areas, **changes: Any) -> Path:
    features = [
        {
            "type": "Feature",
            "properties": {"ARS": key, "GEN": name},
            "geometry": mapping(area) if area else None,
        }
        for key, (name, area) in areas.items()
    ]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features, **changes}))
    return file


def merged() -> Areas:
    """Roggentin joins Broderstorf, and the new Gemeinde has another name."""
    areas = demo_areas()
    _, gone = areas.pop(ROGGENTIN)
    areas[BRODERSTORF] = ("Neu Broderstorf", shapely.union(areas[BRODERSTORF][1], gone))
    return areas


async def rows(unit: UnitOfWork, table: str, where: str = "true") -> int:
    query = text(f"SELECT count(*) FROM routing.{table} WHERE {where}")
    return int(await unit.connection.scalar(query) or 0)


async def decided(unit: UnitOfWork, point: shapely.Point, day: date) -> Decision:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    place = PlaceToDecide(Coordinate(point.y, point.x), "light-broken", noon)
    _, (decision,) = await decide_places(unit.connection, [place], Rulebooks())
    return decision


async def responsible(unit: UnitOfWork, point: shapely.Point, day: date) -> str | None:
    body = (await decided(unit, point, day)).responsible
    return body.slug if body else None


async def test_a_merger_counts_from_new_year_on(unit: UnitOfWork, tmp_path: Path) -> None:
    file = write(tmp_path / "vg250.geojson", merged())
    wishes = Wishes(version="vg250-2027", valid_from=NEW_YEAR)
    report = await import_boundaries(unit, file, wishes, today=TODAY)
    assert report.written
    assert report.draft.source == "gemeinden"
    found = report.comparison
    assert found.compared_with == ("vg250-2016-01-01",)
    assert [(a.key, a.body) for a in found.vanished] == [(ROGGENTIN, "roggentin")]
    (change,) = found.changed
    assert (change.key, change.renamed_from, change.lost_m2) == (BRODERSTORF, "Broderstorf", 0)
    inside = shapely.point_on_surface(demo_areas()[ROGGENTIN][1])
    assert await responsible(unit, inside, date(2026, 12, 31)) == "roggentin"
    assert await responsible(unit, inside, NEW_YEAR) == "broderstorf"
    after = await decided(unit, inside, NEW_YEAR)
    assert after.boundary_version == "vg250-2016-01-01+vg250-2027"
    gained = shapely.area(demo_areas()[ROGGENTIN][1]) / shapely.area(merged()[BRODERSTORF][1])
    whole = await unit.connection.scalar(
        text("SELECT area_m2 FROM routing.jurisdiction WHERE key = :key AND area_id IS NOT NULL"),
        {"key": BRODERSTORF},
    )
    assert change.gained_m2 == pytest.approx(gained * whole, rel=0.02)


async def test_a_running_process_notices(unit: UnitOfWork, tmp_path: Path) -> None:
    version = "SELECT rules_version FROM routing.region"
    before = await unit.connection.scalar(text(version))
    file = write(tmp_path / "vg250.geojson", merged())
    await import_boundaries(unit, file, Wishes(version="neu"), today=TODAY)
    assert await unit.connection.scalar(text(version)) == before + 1


async def test_a_dry_run_says_the_same_and_writes_nothing(unit: UnitOfWork, tmp_path: Path) -> None:
    file = write(tmp_path / "vg250.geojson", merged())
    wishes = Wishes(version="vg250-2027", valid_from=NEW_YEAR)
    tables = ("boundary_area", "boundary_version", "jurisdiction")
    before = [await rows(unit, table) for table in tables]
    said = await check_boundaries(unit.connection, file, wishes, today=TODAY)
    assert [await rows(unit, table) for table in tables] == before
    await unit.connection.rollback()
    done = await import_boundaries(unit, file, wishes, today=TODAY)
    assert done.comparison == said.comparison
    assert (said.written, done.written) == (False, True)


async def test_the_same_again_changes_nothing_and_another_content_is_refused(
    unit: UnitOfWork, tmp_path: Path
) -> None:
    file = write(tmp_path / "vg250.geojson", merged())
    wishes = Wishes(version="vg250-2027", valid_from=NEW_YEAR)
    await import_boundaries(unit, file, wishes, today=TODAY)
    before = await rows(unit, "boundary_area")
    await unit.connection.execute(text("DROP TABLE draft_area"))
    assert (await import_boundaries(unit, file, wishes, today=TODAY)).known_already
    await unit.connection.execute(text("DROP TABLE draft_area"))
    write(file, demo_areas())
    with pytest.raises(BoundaryVersionChanged, match="another --version"):
        await import_boundaries(unit, file, wishes, today=TODAY)
    assert await rows(unit, "boundary_area") == before
    with pytest.raises(BoundariesOutOfOrder, match="in the order of their days"):
        await import_boundaries(unit, file, Wishes(version="frueher"), today=TODAY)


async def test_the_file_of_the_region_is_known(unit: UnitOfWork) -> None:
    wishes = Wishes(version="vg250-2016-01-01")
    file = DEMO / "boundaries/gemeinden.geojson"
    assert (await check_boundaries(unit.connection, file, wishes, today=TODAY)).known_already


async def test_an_apply_keeps_what_was_imported(unit: UnitOfWork, tmp_path: Path) -> None:
    file = write(tmp_path / "vg250.geojson", merged())
    await import_boundaries(
        unit, file, Wishes(version="vg250-2027", valid_from=NEW_YEAR), today=TODAY
    )
    region = tmp_path / "region.yaml"
    (tmp_path / "boundaries").symlink_to(DEMO / "boundaries")
    content = (DEMO / "region.yaml").read_text(encoding="utf-8")
    changed = content.replace("margin_m: 2000", "margin_m: 2100").replace(
        "../packs", str(DEMO.parent / "packs")
    )
    region.write_text(changed, encoding="utf-8")
    applied = await apply_region(unit, read_region(region), ())
    assert applied.plan.changes
    inside = shapely.point_on_surface(demo_areas()[ROGGENTIN][1])
    assert await responsible(unit, inside, date(2026, 12, 31)) == "roggentin"
    assert await responsible(unit, inside, NEW_YEAR) == "broderstorf"
    assert "vg250-2027" in (await decided(unit, inside, NEW_YEAR)).boundary_version


async def test_areas_wait_for_their_body(unit: UnitOfWork, tmp_path: Path) -> None:
    whole_land = demo_areas() | {"130765654089": ("Lübz", shapely.box(11.9, 53.3, 12.0, 53.4))}
    file = write(tmp_path / "mv.geojson", whole_land)
    report = await import_boundaries(unit, file, Wishes(version="mv"), today=TODAY)
    assert [area.name for area in report.comparison.without_body] == ["Lübz"]
    waiting = "key = '130765654089'"
    assert await rows(unit, "boundary_area", waiting) == 1
    assert await rows(unit, "jurisdiction", waiting) == 0
    await unit.connection.execute(
        text("UPDATE routing.body SET ars = '130765654089' WHERE slug = 'schwerin'")
    )
    await settle_imports(unit.connection)
    assert await rows(unit, "jurisdiction", waiting) == 1
    await unit.connection.execute(
        text("UPDATE routing.body SET ars = NULL WHERE slug = 'schwerin'")
    )
    await settle_imports(unit.connection)
    assert await rows(unit, "jurisdiction", waiting) == 0


def region_with(directory: Path, body: str) -> Path:
    """The demo region with one more body, which no file of it has an area for."""
    (directory / "boundaries").symlink_to(DEMO / "boundaries")
    content = (DEMO / "region.yaml").read_text(encoding="utf-8")
    content = content.replace("../packs", str(DEMO.parent / "packs"))
    file = directory / "region.yaml"
    file.write_text(content.replace("\nbodies:\n", f"\nbodies:\n  - {body}\n"), encoding="utf-8")
    return file


CLAIMING = (
    "{slug: luebz, name: Stadt Lübz, kind: gemeinde, participation: notice_only, contact: Rathaus, "
    'imported: [{layer: gemeinde, keys: ["130765654089"]}]}'
)


async def test_a_body_may_name_an_imported_area(unit: UnitOfWork, tmp_path: Path) -> None:
    region = region_with(tmp_path, CLAIMING)
    with pytest.raises(
        RegionRefused, match=r"region.yaml:\d+: bodies.0.imported.0.keys.0 .*import"
    ):
        await apply_region(unit, read_region(region), ())
    square = shapely.box(12.6, 53.9, 12.61, 53.91)
    file = write(tmp_path / "mv.geojson", {"130765654089": ("Lübz", square)})
    wishes = Wishes(source="mv", version="mv-2016")
    await import_boundaries(unit, file, wishes, today=TODAY)
    await apply_region(unit, read_region(region), ())
    inside = "key = '130765654089'"
    assert await rows(unit, "jurisdiction", inside) == 1
    larger = shapely.box(12.6, 53.9, 12.62, 53.91)
    file = write(tmp_path / "mv.geojson", {"130765654089": ("Lübz", larger)})
    wishes = Wishes(source="mv", version="mv-2027", valid_from=NEW_YEAR)
    await import_boundaries(unit, file, wishes, today=TODAY)
    east = shapely.Point(12.615, 53.905)
    before, after = [await decided(unit, east, day) for day in (TODAY, NEW_YEAR)]
    assert before.responsible == BodyRef(slug="schwasdorf", name="Gemeinde Schwasdorf")
    assert [body.slug for body in after.candidates] == ["luebz", "schwasdorf"]


async def test_a_town_that_is_its_own_kreis_is_found_without_being_named(
    unit: UnitOfWork, tmp_path: Path
) -> None:
    """Schwerin has only the ARS of its Kreis; the Gemeinde's key is that with zeros."""
    file = write(
        tmp_path / "a.geojson", {"130040000000": ("Schwerin", shapely.box(11, 53, 11.1, 53.1))}
    )
    wishes = Wishes(source="andere", version="a")
    report = await import_boundaries(unit, file, wishes, today=TODAY)
    assert [(a.key, a.body) for a in report.comparison.added] == [("130040000000", "schwerin")]
    assert await rows(unit, "jurisdiction", "source = 'andere'") == 1


async def test_geometry_is_kept_as_the_file_has_it(unit: UnitOfWork, tmp_path: Path) -> None:
    areas = demo_areas()
    file = write(tmp_path / "a.geojson", areas)
    report = await import_boundaries(unit, file, Wishes(version="neu"), today=TODAY)
    assert report.comparison.unchanged == len(areas)
    kept = await unit.connection.execute(
        text("SELECT key, ST_AsBinary(geom) FROM routing.boundary_area")
    )
    for key, wkb in kept:
        assert shapely.equals(shapely.from_wkb(bytes(wkb)), areas[key][1]), key
    assert report.several_parts == sum(shapely.get_num_geometries(a) > 1 for _, a in areas.values())


GRID: Areas = {
    f"13072990{n:04d}": (f"Ort {n}", shapely.box(12 + n % 2 * 0.1, 54 + n // 2 * 0.1, 12.1 + n % 2 * 0.1, 54.1 + n // 2 * 0.1))
    for n in range(4)
}  # fmt: skip


async def test_gaps_overlaps_repairs_and_duplicates_are_found_where_they_are(
    unit: UnitOfWork, tmp_path: Path
) -> None:
    keys = list(GRID)
    areas = dict(GRID)
    areas[keys[0]] = (
        "Ort 0",
        shapely.difference(GRID[keys[0]][1], shapely.box(12.04, 54.04, 12.06, 54.06)),
    )
    areas[keys[1]] = ("Ort 1", shapely.box(12.09, 54.0, 12.2, 54.1))
    bowtie = shapely.Polygon([(12, 54.1), (12.1, 54.2), (12.1, 54.1), (12, 54.2)])
    areas[keys[2]] = ("Ort 2", bowtie)
    file = write(tmp_path / "a.geojson", areas)
    collection = json.loads(file.read_text())
    collection["features"].append(collection["features"][3])
    file.write_text(json.dumps(collection))
    report = await check_boundaries(unit.connection, file, Wishes(source="gitter"), today=TODAY)
    (overlap,) = report.overlaps
    assert overlap.keys == (keys[0], keys[1])
    assert (overlap.lat, overlap.long) == (
        pytest.approx(54.05, abs=0.05),
        pytest.approx(12.095, abs=0.005),
    )
    assert overlap.m2 == pytest.approx(0.01 * 0.1 * 111_195**2 * 0.587, rel=0.02)
    hole = max(report.gaps, key=lambda gap: gap.m2)
    assert (hole.lat, hole.long) == (pytest.approx(54.05, abs=0.01), pytest.approx(12.05, abs=0.01))
    assert hole.keys == (keys[0],)
    (repaired,) = report.repaired
    assert (repaired.key, repaired.reason[:17]) == (keys[2], "Self-intersection")
    assert report.duplicates == ((keys[3], 2),)
    german = "\n".join(report_lines(report, "de"))
    assert "1 Überlappungen: Orte, die zwei Flächen beanspruchen" in german
    assert "1 ungültig, beim Einlesen repariert" in german
    assert "Für diese Quelle gab es bisher keine Flächen." in german
    assert "Probelauf: nichts wurde geschrieben." in german
    assert json.loads(json.dumps(report.as_json()))["overlaps"][0]["keys"] == [keys[0], keys[1]]


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


def test_serving_loads_no_gdal() -> None:
    code = (
        "import sys, melder_routing.commands, melder_routing.main\n"
        "print(sorted({'pyogrio', 'shapely', 'numpy'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_a_small_piece_of_a_large_area_is_no_small_area(
    unit: UnitOfWork, tmp_path: Path
) -> None:
    """VG250 has the water of an Amt as a feature of its own; it stays the Gemeinde's ground."""
    key, (name, whole) = "130725253", demo_areas("aemter")["130725253"]
    inside = shapely.point_on_surface(demo_areas()[ROGGENTIN][1])
    piece = shapely.intersection(whole, inside.buffer(0.001))
    file = write(tmp_path / "a.geojson", {key: (name, shapely.difference(whole, piece))})
    collection = json.loads(file.read_text())
    water = {**collection["features"][0], "geometry": mapping(piece)}
    file.write_text(json.dumps({**collection, "features": [*collection["features"], water]}))
    await import_boundaries(unit, file, Wishes(version="neu"), today=TODAY)
    assert await responsible(unit, inside, TODAY) == "roggentin"
