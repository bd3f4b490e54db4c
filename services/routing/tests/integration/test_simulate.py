"""``melder simulate``: what a draft would send elsewhere, and nothing written."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import shapely
from sqlalchemy import text

from melder_common.event_values import Place
from melder_common.events import ReportSubmitted
from melder_common.ids import new_id
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.region_findings import RegionRefused
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.use_cases.import_boundaries import Wishes
from melder_routing.use_cases.route_reports import route_reports
from melder_routing.use_cases.simulate_changes import Draft, NothingToSimulate, simulate_changes

from .demo_boundaries import BRODERSTORF, DEMO, ROGGENTIN, demo_areas, merged, unit, write

__all__ = ["unit"]

pytestmark = pytest.mark.integration

TODAY = date(2026, 11, 23)
NUMBERS = ("K7M4Q2X8", "K7M4Q2X9", "K7M4Q2XA")


async def stored_reports(unit: UnitOfWork) -> None:
    """A dark lamp in Roggentin, one in Broderstorf, and rubbish in Roggentin."""
    areas = demo_areas()
    places = [
        (ROGGENTIN, "light-broken"),
        (BRODERSTORF, "light-broken"),
        (ROGGENTIN, "waste-illegal"),
    ]
    reports = []
    for number, (key, category) in zip(NUMBERS, places, strict=True):
        point = shapely.point_on_surface(areas[key][1])
        reports.append(
            ReportSubmitted(
                report_id=new_id(),
                number=number,
                source="web",
                category=category,
                place=Place(lat=point.y, long=point.x),
                description="Bitte ansehen.",
                submitted_at=datetime(2026, 11, 20, 12, tzinfo=UTC),
            )
        )
    await route_reports(unit, reports, Rulebooks())


async def simulated(unit: UnitOfWork, draft: Draft) -> tuple[list[tuple[str, str, str, int]], dict]:
    result = await simulate_changes(unit, draft, since=None, limit=100, today=TODAY)
    moves = [(m.before, m.after, m.category, m.reports) for m in result.moves()]
    return moves, {
        "json": result.as_json(),
        "map": result.as_geojson(),
        "lines": [*result.lines("de")],
    }


async def test_new_boundaries_move_what_lies_in_the_merged_gemeinde(
    unit: UnitOfWork, tmp_path: Path
) -> None:
    await stored_reports(unit)
    file = write(tmp_path / "neu.geojson", merged())
    moves, said = await simulated(
        unit, Draft(boundaries=file, wishes=Wishes(valid_from=date(2027, 1, 1)))
    )
    assert moves == [("roggentin", "broderstorf", "light-broken", 1)]
    assert said["json"]["replayed"] == 3
    assert said["json"]["day"] == "2027-01-01"
    assert said["json"]["moves"][0]["examples"] == ("K7M4Q2X8",)
    (feature,) = said["map"]["features"]
    assert feature["properties"]["after"]["responsible"] == "broderstorf"
    assert shapely.covers(
        demo_areas()[ROGGENTIN][1], shapely.Point(feature["geometry"]["coordinates"])
    )
    assert json.loads(json.dumps(said["map"]))["type"] == "FeatureCollection"
    assert "3 Meldungen nachgestellt für den 2027-01-01: 1 gingen woandershin" in said["lines"][0]
    assert "roggentin → broderstorf, light-broken: 1 (1 offen), z. B. K7M4Q2X8" in said["lines"][1]


async def test_new_rules_move_what_they_name(unit: UnitOfWork, tmp_path: Path) -> None:
    await stored_reports(unit)
    (tmp_path / "boundaries").symlink_to(DEMO / "boundaries")
    region = tmp_path / "region.yaml"
    content = (DEMO / "region.yaml").read_text(encoding="utf-8")
    rule = "\ncompetences:\n  - {body: roggentin, category: waste-illegal}\n"
    changed = content.replace("../packs", str(DEMO.parent / "packs"))
    region.write_text(changed + rule, encoding="utf-8")
    moves, _ = await simulated(unit, Draft(region=region))
    assert moves == [("landkreis-rostock", "roggentin", "waste-illegal", 1)]


async def test_a_draft_holds_up_no_clerk(unit: UnitOfWork) -> None:
    """What is changed stays locked until the simulation ends."""
    await stored_reports(unit)
    active = text("SELECT count(*) FROM routing.clerk WHERE active")
    before = await unit.connection.scalar(active)
    assert before > 0
    await simulated(unit, Draft(region=DEMO / "region.yaml"))
    assert await unit.connection.scalar(active) == before


async def test_nothing_is_written(unit: UnitOfWork, tmp_path: Path) -> None:
    await stored_reports(unit)
    state = text(
        "SELECT (SELECT count(*) FROM routing.boundary_area), (SELECT count(*) FROM"
        " routing.jurisdiction), (SELECT rules_version FROM routing.region)"
    )
    file = write(tmp_path / "neu.geojson", merged())
    point = await unit.connection.begin_nested()
    before = (await unit.connection.execute(state)).one()
    await simulated(unit, Draft(boundaries=file))
    await point.rollback()
    assert (await unit.connection.execute(state)).one() == before


async def test_a_draft_that_apply_would_refuse_is_refused(unit: UnitOfWork, tmp_path: Path) -> None:
    region = tmp_path / "region.yaml"
    region.write_text("version: 2\n", encoding="utf-8")
    with pytest.raises(RegionRefused):
        await simulated(unit, Draft(region=region))
    with pytest.raises(NothingToSimulate):
        await simulated(unit, Draft())
