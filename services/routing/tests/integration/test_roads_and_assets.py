"""Steps 1 to 3 over PostGIS: real places of the demo region with a road, a lamp, an agreement."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.database import make_engine
from melder_common.geo import Coordinate
from melder_common.testing.postgres import PostgresCluster
from melder_routing.domain.decision import Decision, Rule
from melder_routing.domain.trace import StepTrace
from melder_routing.explain_commands import tell_steps
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.store.surroundings import SURROUNDINGS
from melder_routing.use_cases.decide_places import (
    PlaceToDecide,
    UnknownCategory,
    decide_places,
    explain_place,
)

pytestmark = pytest.mark.integration

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
KRAKOW = Coordinate(53.65, 12.27)
BRODERSTORF = Coordinate(54.08, 12.27)
ROSTOCK = Coordinate(54.0887, 12.1401)

ROAD = """
    INSERT INTO routing.road_segment (source, name, road_class, in_town, authority_id, geom)
    SELECT 'test', :name, :class, :in_town, (SELECT id FROM routing.body WHERE slug = :authority),
        ST_SetSRID(ST_MakeLine(ST_MakePoint(:long - 0.01, :lat), ST_MakePoint(:long + 0.01, :lat)), 4326)
"""
LAMP = """
    INSERT INTO routing.asset (id, type, geom, operator_id)
    SELECT 'L-17', 'lamp', ST_SetSRID(ST_MakePoint(:long, :lat), 4326), body.id
    FROM routing.body WHERE slug = :operator
"""


@pytest.fixture
async def worker(demo_database: str, postgres: PostgresCluster) -> AsyncIterator[AsyncConnection]:
    """A connection that may write; what a test writes is rolled back."""
    url = postgres.url(demo_database, "routing_worker")
    engine = make_engine(url, application_name="test", pool_size=1)
    async with engine.connect() as connection, connection.begin() as transaction:
        yield connection
        await transaction.rollback()
    await engine.dispose()


async def build_road(
    worker: AsyncConnection,
    at: Coordinate,
    road_class: str,
    *,
    in_town: bool = False,
    name: str | None = None,
    authority: str = "",
) -> None:
    values = {"lat": at.lat, "long": at.long, "class": road_class, "in_town": in_town}
    await worker.execute(text(ROAD), {**values, "name": name, "authority": authority})


async def ask(
    worker: AsyncConnection, at: Coordinate, category: str, asset: str | None = None
) -> Decision:
    place = PlaceToDecide(at, category, NOON, asset_id=asset)
    _, (decision,) = await decide_places(worker, [place], Rulebooks())
    return decision


def named(decision: Decision) -> str:
    body = decision.responsible or decision.serving
    return body.slug if body else ""


async def test_a_federal_road_in_a_small_town_is_the_land_s(worker: AsyncConnection) -> None:
    """Krakow am See, of the cases that came with the design: a town below 80,000 inhabitants."""
    await build_road(worker, KRAKOW, "B", in_town=True, name="B 103")
    found = await ask(worker, KRAKOW, "road-pothole")
    assert named(found) == "strassenbauamt-stralsund"
    assert "eine Bundesstraße (B 103) in einer Ortsdurchfahrt" in found.reason["de"]
    assert named(await ask(worker, KRAKOW, "road-pavement")) == "krakow-am-see"
    assert named(await ask(worker, KRAKOW, "waste-illegal")) == "landkreis-rostock"
    assert named(await ask(worker, KRAKOW, "light-broken")) == "krakow-am-see"


async def test_a_federal_road_through_rostock_is_the_town_s(worker: AsyncConnection) -> None:
    await build_road(worker, ROSTOCK, "B", in_town=True)
    found = await ask(worker, ROSTOCK, "road-pothole")
    assert (named(found), found.rule) == ("rostock", Rule.ROAD)


async def test_outside_the_towns_the_footway_belongs_to_the_road(worker: AsyncConnection) -> None:
    await build_road(worker, BRODERSTORF, "L")
    for category in ("road-pothole", "road-pavement", "road-winter"):
        assert named(await ask(worker, BRODERSTORF, category)) == "strassenbauamt-stralsund"


async def test_a_county_road_is_the_landkreis_s(worker: AsyncConnection) -> None:
    await build_road(worker, BRODERSTORF, "K")
    found = await ask(worker, BRODERSTORF, "road-pothole")
    assert (named(found), found.rule, found.queue) == (
        "landkreis-rostock",
        Rule.ROAD,
        "landkreis-rostock",
    )


async def test_a_motorway_takes_rubbish_too(worker: AsyncConnection) -> None:
    """The lay-by of the cases that came with the design."""
    await build_road(worker, BRODERSTORF, "A", name="A 19")
    found = await ask(worker, BRODERSTORF, "waste-illegal")
    assert named(found) == "autobahn-gmbh"
    assert "www.autobahn.de" in found.reason["de"]
    assert found.queue == "klaerung"


async def test_a_road_counts_within_the_snap_distance_only(worker: AsyncConnection) -> None:
    degree_m = 111_320
    for metres, expected in ((19, "landkreis-rostock"), (22, "broderstorf")):
        async with worker.begin_nested() as trial:
            await build_road(
                worker, Coordinate(BRODERSTORF.lat + metres / degree_m, BRODERSTORF.long), "K"
            )
            assert named(await ask(worker, BRODERSTORF, "road-pothole")) == expected
            await trial.rollback()


async def test_an_authority_of_its_own_counts_instead_of_the_rule(worker: AsyncConnection) -> None:
    await build_road(worker, BRODERSTORF, "L", in_town=True, authority="broderstorf")
    found = await ask(worker, BRODERSTORF, "road-pothole")
    assert (named(found), found.rule) == ("broderstorf", Rule.ROAD)
    assert found.working
    assert found.working.slug == "amt-carbaek"


async def test_a_lamp_is_its_operator_s_and_rubbish_at_it_is_not(worker: AsyncConnection) -> None:
    place = {"lat": BRODERSTORF.lat, "long": BRODERSTORF.long, "operator": "sanitz"}
    await worker.execute(text(LAMP), place)
    lamp = await ask(worker, BRODERSTORF, "light-broken", "L-17")
    assert (named(lamp), lamp.rule) == ("sanitz", Rule.ASSET)
    for category, asset in (("waste-illegal", "L-17"), ("light-broken", "L-18")):
        assert (await ask(worker, BRODERSTORF, category, asset)).rule is not Rule.ASSET
    far = await ask(
        worker, Coordinate(BRODERSTORF.lat + 0.01, BRODERSTORF.long), "light-broken", "L-17"
    )
    assert far.rule is Rule.DEFAULT


@pytest.mark.parametrize("typed", ["l-17", " L 17", "l17", "L/17"])
async def test_a_number_is_found_as_people_type_it(worker: AsyncConnection, typed: str) -> None:
    place = {"lat": BRODERSTORF.lat, "long": BRODERSTORF.long, "operator": "sanitz"}
    await worker.execute(text(LAMP), place)
    lamp = await ask(worker, BRODERSTORF, "light-broken", typed)
    assert (named(lamp), lamp.rule) == ("sanitz", Rule.ASSET)


@pytest.mark.parametrize("typed", ["1-71", "17-1", "17 1"])
async def test_of_like_numbers_the_same_one_counts_then_the_nearest(
    worker: AsyncConnection, typed: str
) -> None:
    for number, operator, metres in (("1-71", "sanitz", 90), ("17-1", "guestrow", 9)):
        lamp = LAMP.replace("L-17", number)
        lat = BRODERSTORF.lat + metres / 111_320
        await worker.execute(
            text(lamp), {"lat": lat, "long": BRODERSTORF.long, "operator": operator}
        )
    found = await ask(worker, BRODERSTORF, "light-broken", typed)
    assert named(found) == ("sanitz" if typed == "1-71" else "guestrow")


@pytest.mark.parametrize("typed", ["", "--", "ß", "\U0001f600"])
async def test_what_is_no_number_names_no_asset(worker: AsyncConnection, typed: str) -> None:
    place = {"lat": BRODERSTORF.lat, "long": BRODERSTORF.long, "operator": "sanitz"}
    await worker.execute(text(LAMP), place)
    assert (await ask(worker, BRODERSTORF, "light-broken", typed)).rule is Rule.DEFAULT


async def test_an_import_is_part_of_what_a_decision_was_made_from(worker: AsyncConnection) -> None:
    await worker.execute(
        text(
            "INSERT INTO routing.register (kind, source, version, digest, entries)"
            " VALUES ('road', 'strassen', 'stand-2026', 'x', 1)"
        )
    )
    found = await ask(worker, BRODERSTORF, "road-pothole")
    assert found.boundary_version == "vg250-2016-01-01+road-strassen-stand-2026"


async def explain(
    worker: AsyncConnection, at: Coordinate, category: str | None
) -> tuple[Decision, tuple[StepTrace, ...]]:
    return await explain_place(worker, PlaceToDecide(at, category, NOON), Rulebooks())


async def test_explaining_tells_every_step_and_what_did_not_match(worker: AsyncConnection) -> None:
    await build_road(worker, KRAKOW, "B", in_town=True, name="B 103")
    decision, steps = await explain(worker, KRAKOW, "road-pothole")
    assert [step.number for step in steps] == [1, 2, 3, 4, 5, 6, 7]
    told = "\n".join(tell_steps(decision, steps, shown=None))
    assert "no asset was named" in told
    assert "nearest road: B 103, class B, in town, 0.0 m away" in told
    assert (
        "+ strassenbauamt-stralsund, road-pothole, in its jurisdiction, on B roads in town, "
        "up to 80000 inhabitants" in told
    )
    assert "on B roads out of town: the road here runs in town" in told
    assert "strassenbauamt-schwerin, road-pothole" in told
    assert "the place lies outside its area" in told
    assert "queue: klaerung" in told
    assert told.endswith(decision.reason["de"])
    short = "\n".join(tell_steps(decision, steps, shown=1))
    assert "more that did not match (--all)" in short


async def test_explaining_and_deciding_agree(worker: AsyncConnection) -> None:
    await build_road(worker, BRODERSTORF, "K")
    for category in ("road-pothole", "waste-illegal", "light-broken", None):
        decision, steps = await explain(worker, BRODERSTORF, category)
        first = next(step for step in steps if step.matched)
        assert first.rule is decision.rule
        assert named(decision) in " ".join(first.matched)


async def test_explaining_refuses_an_unknown_category(worker: AsyncConnection) -> None:
    with pytest.raises(UnknownCategory, match="road-pothole"):
        await explain(worker, KRAKOW, "road-potholes")


async def test_the_question_uses_its_indexes_when_the_registers_are_large(
    worker: AsyncConnection,
) -> None:
    """40,000 roads and as many assets, enough that the planner shuns reading all of them."""
    await worker.execute(
        text(
            "INSERT INTO routing.road_segment (source, road_class, in_town, geom)"
            " SELECT 'many', 'K', false, ST_SetSRID(ST_MakeLine(ST_MakePoint(x, y),"
            "   ST_MakePoint(x + 0.001, y)), 4326)"
            " FROM (SELECT 10 + (n % 500) * 0.01 AS x, 50 + (n / 500) * 0.01 AS y"
            "       FROM generate_series(1, 40000) AS n) AS grid"
        )
    )
    await worker.execute(
        text(
            "INSERT INTO routing.asset (id, type, geom, operator_id)"
            " SELECT 'A-' || n, 'lamp', ST_SetSRID(ST_MakePoint(10 + n * 1e-5, 54), 4326),"
            "   (SELECT id FROM routing.body WHERE slug = 'rostock')"
            " FROM generate_series(1, 40000) AS n"
        )
    )
    await worker.execute(text("ANALYZE routing.road_segment"))
    await worker.execute(text("ANALYZE routing.asset"))
    places = {
        "longs": [12.27] * 10,
        "lats": [54.08] * 10,
        "days": [NOON.date()] * 10,
        "assets": ["A-17"] * 10,
        "sight": 2000.0,
        "snap": 20.0,
    }
    plan = await worker.scalar(text("EXPLAIN (FORMAT JSON) " + SURROUNDINGS.text), places)
    scanned = {
        node.get("Relation Name"): node["Node Type"]
        for node in _nodes(json.loads(json.dumps(plan)))
    }
    assert scanned["road_segment"] in {"Index Scan", "Bitmap Heap Scan"}
    assert scanned["asset"] in {"Index Scan", "Bitmap Heap Scan"}


def _nodes(plan: object) -> list[dict[str, str]]:
    if isinstance(plan, list):
        return [node for part in plan for node in _nodes(part)]
    if not isinstance(plan, dict):
        return []
    own = [plan] if "Relation Name" in plan else []
    return own + [node for part in plan.values() for node in _nodes(part)]
