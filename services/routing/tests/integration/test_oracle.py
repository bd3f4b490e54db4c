"""SQL against Shapely: two readings of the same file must agree on every point."""

import json
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.geo import Coordinate
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.store.surroundings import Spot, find_surroundings
from melder_routing.use_cases.decide_places import PlaceToDecide, decide_places

pytestmark = pytest.mark.integration

BOUNDARIES = Path(__file__).parents[4] / "infra/demo/boundaries"
POINTS = 2000
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def layer(name: str) -> dict[str, BaseGeometry]:
    """Key → polygon as GEOS in this process reads the file, independent of PostGIS and GDAL."""
    collection = json.loads((BOUNDARIES / f"{name}.geojson").read_text(encoding="utf-8"))
    return {f["properties"]["ARS"]: shape(f["geometry"]) for f in collection["features"]}


def random_points(area: BaseGeometry, seed: int) -> list[shapely.Point]:
    west, south, east, north = area.bounds
    dice = random.Random(seed)
    return [
        shapely.Point(dice.uniform(west, east), dice.uniform(south, north)) for _ in range(POINTS)
    ]


async def test_containment_agrees_with_an_independent_reading(demo: AsyncConnection) -> None:
    layers = {
        "kreis": layer("kreise"),
        "verband": layer("aemter"),
        "gemeinde": layer("gemeinden"),
    }
    points = random_points(shapely.union_all(list(layers["gemeinde"].values())), seed=20261123)
    spots = [Spot(Coordinate(point.y, point.x), NOON.date()) for point in points]
    _, found = await find_surroundings(demo, spots)
    expected = [
        {(name, ars) for name, areas in layers.items() for ars in _covering(areas, point)}
        for point in points
    ]
    got = [{(area.layer, area.ars) for area in around.containing} for around in found]
    assert got == expected
    assert sum(map(bool, expected)) > POINTS / 2


async def test_decisions_agree_with_an_independent_reading(demo: AsyncConnection) -> None:
    gemeinden = layer("gemeinden")
    points = random_points(shapely.union_all(list(gemeinden.values())), seed=7)
    inside = [(point, ars) for point in points for ars in _covering(gemeinden, point)]
    places = [
        PlaceToDecide(Coordinate(point.y, point.x), category, NOON)
        for point, _ in inside
        for category in ("road-pothole", "waste-illegal")
    ]
    rules, decisions = await decide_places(demo, places, Rulebooks())
    names = dict(_names())
    for (_, ars), pothole, waste in zip(inside, decisions[::2], decisions[1::2], strict=True):
        in_town = ars == "130030000000"
        assert pothole.responsible is not None
        assert rules.bodies[pothole.responsible.slug].place_name == names[ars]
        assert waste.responsible is not None
        assert waste.responsible.slug == ("rostock" if in_town else "landkreis-rostock")


def _covering(areas: dict[str, BaseGeometry], point: shapely.Point) -> list[str]:
    return [ars for ars, area in areas.items() if shapely.covers(area, point)]


def _names() -> list[tuple[str, str]]:
    text = (BOUNDARIES / "gemeinden.geojson").read_text(encoding="utf-8")
    return [(f["properties"]["ARS"], f["properties"]["GEN"]) for f in json.loads(text)["features"]]
