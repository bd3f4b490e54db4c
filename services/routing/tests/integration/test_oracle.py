"""SQL against Shapely: two readings of the same files must agree on every point.

All of Germany: ``check_germany.py``, by ``make routing-check``.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
import shapely
import yaml
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.geo import Coordinate
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.store.surroundings import Spot, find_surroundings
from melder_routing.use_cases.decide_places import PlaceToDecide, decide_places

from .oracle import Answer, Oracle, utm32

pytestmark = pytest.mark.integration

DEMO = Path(__file__).parents[4] / "infra/demo"
FILES = {
    "kreis": DEMO / "boundaries/kreise.geojson",
    "verband": DEMO / "boundaries/aemter.geojson",
    "gemeinde": DEMO / "boundaries/gemeinden.geojson",
}
POINTS = 3000
BATCH = 250
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    """Reads the boundary files of the demo region, and from its region file whose keys are whose."""
    region = yaml.safe_load((DEMO / "region.yaml").read_text(encoding="utf-8"))
    bodies = {body["ars"]: body["slug"] for body in region["bodies"] if "ars" in body}
    bodies["130030000000"] = "rostock"
    water = json.loads((DEMO / "boundaries/ostsee.geojson").read_text(encoding="utf-8"))
    waters = shapely.union_all([shapely.geometry.shape(f["geometry"]) for f in water["features"]])
    return Oracle(FILES, lambda _, key: bodies.get(key), waters)


async def sql_answers(connection: AsyncConnection, points: Sequence[shapely.Point]) -> list[Answer]:
    """What the database and the rules say of ``points``, in the oracle's words."""
    return [
        answer
        for start in range(0, len(points), BATCH)
        for answer in await _some_answers(connection, points[start : start + BATCH])
    ]


async def _some_answers(
    connection: AsyncConnection, points: Sequence[shapely.Point]
) -> list[Answer]:
    spots = [Spot(Coordinate(point.y, point.x), NOON.date()) for point in points]
    _, surroundings = await find_surroundings(connection, spots)
    places = [PlaceToDecide(spot.coordinate, None, NOON, accepted=True) for spot in spots]
    _, decisions = await decide_places(connection, places, Rulebooks())
    found = []
    for around, decision in zip(surroundings, decisions, strict=True):
        body = decision.responsible or decision.serving
        covering = frozenset((a.layer, a.ars or "") for a in around.containing if a.general)
        slug = body.slug if body else None
        found.append(Answer(covering, slug, decision.snapped, decision.border_distance_m))
    return found


def differences(
    points: Sequence[shapely.Point], expected: Sequence[Answer], got: Sequence[Answer]
) -> list[str]:
    """Every point on which the two disagree; distances may differ by their rounding."""
    return [
        f"{point.y!r}, {point.x!r}: oracle {right}, SQL {ours}"
        for point, right, ours in zip(points, expected, got, strict=True)
        if not _agree(right, ours)
    ]


def _agree(right: Answer, ours: Answer) -> bool:
    if (right.covering, right.body, right.snapped) != (ours.covering, ours.body, ours.snapped):
        return False
    if right.border_m is None or ours.border_m is None:
        return right.border_m is ours.border_m
    return abs(right.border_m - ours.border_m) < 0.11


async def test_sql_and_the_oracle_agree_on_every_point(
    demo: AsyncConnection, oracle: Oracle
) -> None:
    points = oracle.points(POINTS, seed=20261123)
    expected = oracle.answer(points)
    wrong = differences(points, expected, await sql_answers(demo, points))
    assert wrong == []
    assert sum(answer.snapped for answer in expected) > 10
    assert sum(answer.body is not None for answer in expected) > POINTS / 2
    near = [answer.border_m for answer in expected if answer.border_m is not None]
    assert sum(metres < 25 for metres in near) > POINTS / 5


async def test_the_projection_of_the_oracle_is_that_of_postgis(demo: AsyncConnection) -> None:
    points = [(6.0, 47.3), (9.0, 50.0), (12.14, 54.0887), (15.04, 51.2), (8.4, 55.05)]
    ours = utm32(shapely.get_coordinates([shapely.Point(p) for p in points]))
    for (long, lat), (x, y) in zip(points, ours, strict=True):
        far = await demo.scalar(
            text(
                "SELECT ST_Distance(ST_Transform(ST_SetSRID(ST_MakePoint(:long, :lat), 4326),"
                " 25832), ST_SetSRID(ST_MakePoint(:x, :y), 25832))"
            ),
            {"long": long, "lat": lat, "x": float(x), "y": float(y)},
        )
        assert far < 0.001
