"""Roads and assets come in whole or not at all, and the next decision asks them."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from melder_common.database import make_engine
from melder_common.geo import Coordinate
from melder_common.testing.postgres import PostgresCluster
from melder_common.unit_of_work import UnitOfWork, UnitsOfWork
from melder_routing.domain.registers import RegisterRefused
from melder_routing.store.metadata import EVENT_TABLES
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.use_cases.decide_places import PlaceToDecide, decide_places
from melder_routing.use_cases.import_register import Imported, RegisterImport, import_register

pytestmark = pytest.mark.integration

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
TODAY = NOON.date()
NEW_YEAR = date(2027, 1, 1)
PLACE = Coordinate(54.08, 12.27)
LINE = {"type": "LineString", "coordinates": [[12.26, 54.08], [12.28, 54.08]]}


class _Undo(Exception):
    """Takes back what a test wrote into the shared region."""


@pytest.fixture
async def unit(demo_database: str, postgres: PostgresCluster) -> AsyncIterator[UnitOfWork]:
    engine = make_engine(
        postgres.url(demo_database, "routing_worker"), application_name="test", pool_size=1
    )
    units = UnitsOfWork(engine, tables=EVENT_TABLES, speaker="routing", partitions=4)
    try:
        async with units.begin() as opened:
            yield opened
            raise _Undo  # noqa: TRY301 (the way out of a unit of work without a commit)
    except _Undo:
        await engine.dispose()


def geojson(directory: Path, *features: tuple[dict[str, Any], Any], crs: str = "") -> Path:
    plain: dict[str, Any] = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": properties, "geometry": geometry}
            for properties, geometry in features
        ],
    }
    if crs:
        plain["crs"] = {"type": "name", "properties": {"name": crs}}
    directory.mkdir(exist_ok=True)
    file = directory / "roads.geojson"
    file.write_text(json.dumps(plain), encoding="utf-8")
    return file


def csv(directory: Path, content: str) -> Path:
    file = directory / "assets.csv"
    file.write_text(content, encoding="utf-8")
    return file


async def bring_roads(unit: UnitOfWork, file: Path, version: str = "v1", **more: Any) -> Imported:
    first_day = more.pop("valid_from", None)
    wanted = RegisterImport("road", file, "strassen", version, valid_from=first_day)
    return await import_register(unit, wanted, today=TODAY, **more)


async def bring_assets(
    unit: UnitOfWork, file: Path, source: str = "lampen", version: str = "v1", **more: Any
) -> Imported:
    wanted = RegisterImport("asset", file, source, version, **more)
    return await import_register(unit, wanted, today=TODAY)


async def rule_at(
    unit: UnitOfWork, category: str, asset: str | None = None, day: date = TODAY
) -> str:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    place = PlaceToDecide(PLACE, category, noon, asset_id=asset)
    _, (decision,) = await decide_places(unit.connection, [place], Rulebooks())
    body = decision.responsible or decision.serving
    return f"{decision.rule.value} {body.slug if body else ''} {decision.boundary_version}"


async def count(unit: UnitOfWork, table: str) -> int:
    return int(await unit.connection.scalar(text(f"SELECT count(*) FROM routing.{table}")) or 0)


async def test_a_road_decides_from_the_next_question_on(unit: UnitOfWork, tmp_path: Path) -> None:
    both = {"type": "MultiLineString", "coordinates": [LINE["coordinates"], [[12, 54], [12, 54.1]]]}
    file = geojson(tmp_path, ({"road_class": "k", "in_town": False, "name": "K 7"}, both))
    planned = await bring_roads(unit, file, dry_run=True)
    assert planned.changes
    assert list(planned.changes.lines) == ["0 unchanged", "2 added: class K: 2 segments, 12.4 km"]
    assert await count(unit, "road_segment") == await count(unit, "register") == 0
    assert await bring_roads(unit, file) == planned
    assert await count(unit, "road_segment") == 2
    found = await rule_at(unit, "road-pothole")
    assert found == "road landkreis-rostock vg250-2016-01-01+road-strassen-v1"
    assert await bring_roads(unit, file) == Imported(1, None)
    with pytest.raises(RegisterRefused, match="another --version"):
        await bring_roads(unit, geojson(tmp_path, ({"road_class": "L", "in_town": 1}, LINE)))


async def test_a_new_state_counts_from_its_day_and_the_old_one_until_then(
    unit: UnitOfWork, tmp_path: Path
) -> None:
    other = {"type": "LineString", "coordinates": [[12.26, 54.09], [12.28, 54.09]]}
    kept = ({"road_class": "G", "in_town": True, "name": "Dorfstraße"}, other)
    await bring_roads(
        unit, geojson(tmp_path, kept, kept, ({"road_class": "K", "in_town": 0}, LINE))
    )
    handed = geojson(tmp_path, kept, kept, ({"road_class": "B", "in_town": 0}, LINE))
    found = await bring_roads(unit, handed, "v2", valid_from=NEW_YEAR)
    assert found.changes
    assert list(found.changes.lines) == [
        "2 unchanged",
        "1 added: class B: 1 segments, 1.3 km",
        "1 gone: class K: 1 segments, 1.3 km",
    ]
    assert await count(unit, "road_segment") == 4
    before = "road landkreis-rostock vg250-2016-01-01+road-strassen-v1"
    assert await rule_at(unit, "road-pothole", day=date(2026, 12, 31)) == before
    after = "clearing strassenbauamt-stralsund vg250-2016-01-01+road-strassen-v2"
    assert await rule_at(unit, "road-pothole", day=NEW_YEAR) == after


async def test_a_corrected_file_of_the_same_day_takes_the_place_of_the_wrong_one(
    unit: UnitOfWork, tmp_path: Path
) -> None:
    await bring_roads(unit, geojson(tmp_path, ({"road_class": "K", "in_town": 0}, LINE)))
    wrong = geojson(tmp_path, ({"road_class": "B", "in_town": 0}, LINE))
    await bring_roads(unit, wrong, "v2", valid_from=NEW_YEAR)
    right = geojson(tmp_path, ({"road_class": "K", "in_town": 0}, LINE))
    found = await bring_roads(unit, right, "v3", valid_from=NEW_YEAR)
    assert found.changes
    assert list(found.changes.lines) == ["1 unchanged"]
    assert await count(unit, "road_segment") == 1
    after = "road landkreis-rostock vg250-2016-01-01+road-strassen-v3"
    assert await rule_at(unit, "road-pothole", day=NEW_YEAR) == after


async def test_states_come_in_the_order_of_their_days(unit: UnitOfWork, tmp_path: Path) -> None:
    first, second = (
        geojson(tmp_path / name, ({"road_class": of, "in_town": 0}, LINE))
        for name, of in (("one", "K"), ("two", "L"))
    )
    await bring_roads(unit, first, valid_from=NEW_YEAR)
    with pytest.raises(RegisterRefused, match="v1 counts from 2027-01-01 on already"):
        await bring_roads(unit, second, "v2")
    with pytest.raises(RegisterRefused, match="give it another --version"):
        await bring_roads(unit, first, valid_from=TODAY)
    assert (await rule_at(unit, "road-pothole")).startswith("default")


async def test_a_lamp_changes_hands_on_a_day(unit: UnitOfWork, tmp_path: Path) -> None:
    head = "id;type;operator;lat;long\n"
    await bring_assets(
        unit,
        csv(tmp_path, f"{head}L-1;lamp;sanitz;54,08;12,27\nL-2;lamp;sanitz;54,08;12,27\n"),
    )
    later = f"{head}L-1;lamp;rostock;54,08;12,27\nL-3;lamp;sanitz;54,08;12,27\n"
    found = await bring_assets(unit, csv(tmp_path, later), version="v2", valid_from=NEW_YEAR)
    assert found.changes
    told = ["0 unchanged", "1 added: L-3", "1 changed: L-1", "1 gone: L-2"]
    assert list(found.changes.lines) == told
    assert (await rule_at(unit, "light-broken", "L-1")).startswith("asset sanitz")
    assert (await rule_at(unit, "light-broken", "L-1", NEW_YEAR)).startswith("asset rostock")
    assert (await rule_at(unit, "light-broken", "L-2", NEW_YEAR)).startswith("default")


async def test_other_reference_systems_are_read(unit: UnitOfWork, tmp_path: Path) -> None:
    x, y = 714077.0, 5997150.0
    line = {"type": "LineString", "coordinates": [[x - 900, y], [x + 900, y]]}
    file = geojson(
        tmp_path, ({"road_class": "K", "in_town": "nein"}, line), crs="urn:ogc:def:crs:EPSG::25832"
    )
    await bring_roads(unit, file)
    lat = await unit.connection.scalar(
        text("SELECT avg(ST_Y(ST_StartPoint(geom))) FROM routing.road_segment")
    )
    assert lat == pytest.approx(54.08, abs=0.01)


async def test_assets_come_from_a_table(unit: UnitOfWork, tmp_path: Path) -> None:
    file = csv(tmp_path, "id;type;operator;lat;long\nL-1;lamp;sanitz;54,0801;12,27\n")
    assert (await bring_assets(unit, file)).entries == 1
    assert (await rule_at(unit, "light-broken", "L-1")).startswith("asset sanitz")
    with pytest.raises(RegisterRefused, match=r"other sources have these numbers: L-1 \(lampen\)"):
        await bring_assets(unit, file, "andere")


POINT = {"type": "Point", "coordinates": [12.27, 54.08]}
SWAPPED = {"type": "LineString", "coordinates": [[54.08, 12.26], [54.08, 12.28]]}


@pytest.mark.parametrize(
    ("properties", "geometry", "said"),
    [
        ({"road_class": "X", "in_town": True}, LINE, "2: road_class “X” is none of"),
        ({"road_class": "B"}, LINE, "2: in_town “” is neither"),
        (
            {"road_class": "B", "in_town": True, "authority": "wer"},
            LINE,
            "2: authority “wer” is no body",
        ),
        ({"road_class": "B", "in_town": True}, POINT, "2: is no line"),
        ({"road_class": "B", "in_town": True}, SWAPPED, "2: has latitude and longitude swapped"),
        ({"road_class": "B", "in_town": True}, None, "feature 2 has no geometry"),
    ],
)
async def test_a_wrong_road_keeps_all_out(
    unit: UnitOfWork, tmp_path: Path, *, properties: dict[str, Any], geometry: Any, said: str
) -> None:
    right = ({"road_class": "B", "in_town": True}, LINE)
    with pytest.raises(RegisterRefused, match=said):
        await bring_roads(unit, geojson(tmp_path, right, (properties, geometry)))
    assert await count(unit, "road_segment") == await count(unit, "register") == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "neither the column wkt"),
        ("id,type,operator\n1,lamp,sanitz\n", "neither the column wkt"),
        ("id,type,operator,lat,long\n", "is empty"),
        ("id,type,operator,lat,long\n1,lamp,sanitz,x,12\n", "assets.csv:2: lat and long"),
        ("id,type,operator,lat,long\n,lamp,sanitz,54,12\n", "2: id is missing"),
        ("id,type,operator,lat,long\n--,lamp,sanitz,54,12\n", "2: id “--” has no letter"),
        ("id,type,operator,lat,long\n1,Lamp,sanitz,54,12\n", "2: type “Lamp”"),
        ("id,type,operator,lat,long\n1,lamp,,54,12\n", "2: operator is missing"),
        (
            "id,type,operator,lat,long\n1,lamp,sanitz,54,12\n1,lamp,sanitz,54,12\n",
            "stands at 2 too",
        ),
    ],
)
async def test_a_wrong_table_is_refused_with_its_line(
    unit: UnitOfWork, tmp_path: Path, content: str, said: str
) -> None:
    with pytest.raises(RegisterRefused, match=said):
        await bring_assets(unit, csv(tmp_path, content))
    assert await count(unit, "asset") == 0


async def test_a_file_that_is_none_is_refused(unit: UnitOfWork, tmp_path: Path) -> None:
    for name, content, said in (
        ("a.txt", b"x", "no kind that is read"),
        ("a.geojson", b"{", "is no JSON"),
        ("a.geojson", b"[]", "is no FeatureCollection"),
        ("a.geojson", b"\xff\xfe", "is not UTF-8"),
    ):
        file = tmp_path / name
        file.write_bytes(content)
        with pytest.raises(RegisterRefused, match=said):
            await bring_roads(unit, file)
    with pytest.raises(RegisterRefused, match="cannot be read"):
        await bring_roads(unit, tmp_path / "nowhere.geojson")
    with pytest.raises(RegisterRefused, match="small letters"):
        await bring_roads(unit, tmp_path / "nowhere.geojson", "Stand 2026")
