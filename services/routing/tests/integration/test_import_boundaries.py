"""``melder boundaries import``: what is found, what is kept, what is refused."""

import json
from datetime import date
from pathlib import Path

import pytest
import shapely
from shapely.geometry import mapping
from sqlalchemy import text

from melder_common.event_values import BodyRef
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.boundary_words import report_lines
from melder_routing.domain.region_findings import RegionRefused
from melder_routing.store.boundary_imports import BoundariesOutOfOrder, settle_imports
from melder_routing.store.region_geometry import BoundaryVersionChanged
from melder_routing.use_cases.apply_region import apply_region
from melder_routing.use_cases.import_boundaries import (
    Wishes,
    check_boundaries,
    import_boundaries,
)
from melder_routing.use_cases.read_region import read_region

from .demo_boundaries import (
    BRODERSTORF,
    DEMO,
    GRID,
    NEW_YEAR,
    ROGGENTIN,
    TODAY,
    decided,
    demo_areas,
    merged,
    responsible,
    rows,
    unit,
    write,
)

__all__ = ["unit"]

pytestmark = pytest.mark.integration


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
