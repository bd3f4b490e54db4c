"""Properties of decisions over a drawn region: nine towns on a grid, two counties, a road, a lamp."""

from dataclasses import dataclass, replace
from datetime import date
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, Point, Polygon, box

from melder_common.event_values import CategoryRef, PublicationPolicy
from melder_routing.domain.areas import Area, Surroundings
from melder_routing.domain.borders import LARGEST_TOLERANCE_M, SIGHT_M
from melder_routing.domain.condition import Condition
from melder_routing.domain.decide import Question, decide
from melder_routing.domain.decision import Decision, Status
from melder_routing.domain.rulebook import (
    Agreement,
    Body,
    Category,
    Clearing,
    Competence,
    CompetenceArea,
    Mode,
    QueueRule,
    Rulebook,
)
from melder_routing.domain.site import ROAD_SNAP_M, Asset, Road

SIDE = 1000.0
DAY = date(2026, 6, 1)
ROAD = LineString([(0, 1500), (3000, 1500)])
LAMP = Point(500, 500)
STRETCH = box(990, 0, 1010, 1000)


def category(slug: str, group: str, *asset_types: str) -> Category:
    ref = CategoryRef(slug=slug, name={"de": slug.title()})
    return Category(slug, ref, group, PublicationPolicy(), asset_types=frozenset(asset_types))


CATEGORIES = (
    category("pothole", "road"),
    category("rubbish", "waste"),
    category("light", "light", "lamp"),
)


@dataclass(frozen=True)
class Cell:
    """A town or county with its ground, metres."""

    area: Area
    ground: Polygon


COUNTIES = {
    "west": ("13001", box(0, 0, 2 * SIDE, 3 * SIDE)),
    "east": ("13002", box(2 * SIDE, 0, 3 * SIDE, 3 * SIDE)),
}


def _town(x: int, y: int) -> Cell:
    county = COUNTIES["west" if x < 2 else "east"][0]
    key = f"{county}00{x}{y}00{y}"
    ground = box(x * SIDE, y * SIDE, (x + 1) * SIDE, (y + 1) * SIDE)
    return Cell(Area(f"t{x}{y}", "gemeinde", f"T{x}{y}", key, SIDE**2, False, 0, "v1"), ground)


def _counties() -> list[Cell]:
    return [
        Cell(Area(name, "kreis", name, key, shape.area, False, 0, "v1"), shape)
        for name, (key, shape) in COUNTIES.items()
    ]


CELLS = (*(_town(x, y) for x in range(3) for y in range(3)), *_counties())
NAMES = (*(cell.area.body for cell in CELLS), "land", "werke")
KINDS = {"west": "kreis", "east": "kreis", "land": "road_authority", "werke": "utility"}


def _duty(number: str, body: str, **more: object) -> Competence:
    values = {"mode": Mode.RESPONSIBLE, "area": CompetenceArea.JURISDICTION, **more}
    return Competence(number, body, **values)  # type: ignore[arg-type]  # the tests' own keywords


RULES = Rulebook(
    version=1,
    region="Gitter",
    boundary_version="v1",
    clearing=Clearing("klaerung", "west", "east"),
    bodies={
        name: Body(name, name.title(), name.title(), "die", KINDS.get(name, "gemeinde"))
        for name in NAMES
    },
    categories={one.slug: one for one in CATEGORIES},
    competences=(
        _duty("w", "west", group="waste"),
        _duty("e", "east", group="waste"),
        _duty(
            "r",
            "land",
            category="pothole",
            area=CompetenceArea.EVERYWHERE,
            condition=Condition(road_classes=frozenset({"B"})),
        ),
    ),
    queues=tuple(QueueRule(name, name) for name in NAMES),
    agreements=(Agreement("a", frozenset({"t00", "t10"}), "t10", groups=frozenset({"light"})),),
)


def look_around(x: float, y: float, *, lamp: bool = False) -> Surroundings:
    """What PostGIS would bring of the drawn region."""
    point = Point(x, y)
    seen = []
    for cell in CELLS:
        metres = cell.ground.distance(point)
        if metres <= SIGHT_M:
            seen.append(replace(cell.area, contains=metres == 0, distance_m=metres))
    metres = ROAD.distance(point)
    return Surroundings(
        received=True,
        excluded=False,
        in_waters=False,
        areas=tuple(seen),
        asset=Asset("L", "lamp", "werke", LAMP.distance(point)) if lamp else None,
        roads=(Road("B", in_town=False, distance_m=metres),) if metres <= ROAD_SNAP_M else (),
        agreements=frozenset({"a"}) if STRETCH.covers(point) else frozenset(),
    )


def ask(x: float, y: float, of: Category | None, *, lamp: bool = False) -> Decision:
    return decide(Question(DAY, of), look_around(x, y, lamp=lamp), RULES)


def essence(decision: Decision) -> tuple[object, ...]:
    """All but distances and sentences."""
    return (
        decision.status,
        decision.rule,
        decision.responsible,
        decision.working,
        decision.queue,
        decision.candidates,
        decision.municipality,
    )


inside = st.floats(0, 3 * SIDE)
about = st.sampled_from([None, *CATEGORIES])


@given(x=inside, y=inside, of=about, lamp=st.booleans())
def test_every_point_of_the_region_gets_exactly_one_queue(
    *, x: float, y: float, of: Category | None, lamp: bool
) -> None:
    found = ask(x, y, of, lamp=lamp)
    assert found.queue in {*NAMES, "klaerung"}
    assert found.status is Status.DECIDED
    assert found.responsible not in found.candidates


@given(x=inside, y=inside, of=about, lamp=st.booleans(), dice=st.randoms())
def test_a_decision_depends_on_nothing_but_its_inputs(
    *, x: float, y: float, of: Category | None, lamp: bool, dice: Random
) -> None:
    around = look_around(x, y, lamp=lamp)
    areas, roads = list(around.areas), [*around.roads, *around.roads]
    dice.shuffle(areas)
    shuffled = replace(around, areas=tuple(areas), roads=tuple(roads))
    question = Question(DAY, of)
    assert decide(question, shuffled, RULES) == decide(question, around, RULES)


far = st.floats(LARGEST_TOLERANCE_M + 1, SIDE - LARGEST_TOLERANCE_M - 1)


@given(
    town=st.tuples(st.integers(0, 2), st.sampled_from([0, 2])),
    start=st.tuples(far, far),
    end=st.tuples(far, far),
    of=about,
)
def test_moving_within_one_area_far_from_borders_changes_nothing(
    *,
    town: tuple[int, int],
    start: tuple[float, float],
    end: tuple[float, float],
    of: Category | None,
) -> None:
    """The middle row is left out: there runs the road."""
    corner = [side * SIDE for side in town]
    found = [ask(corner[0] + x, corner[1] + y, of) for x, y in (start, end)]
    assert essence(found[0]) == essence(found[1])
    assert not found[0].border


@given(half_metres=st.integers(1, 300), along=far, of=about, accuracy=st.none() | st.floats(0, 500))
def test_the_tolerance_is_symmetric(
    *, half_metres: int, along: float, of: Category | None, accuracy: float | None
) -> None:
    """Who sees the neighbour's case is seen by him: at the border of two towns and two counties."""
    border, off = 2 * SIDE, half_metres / 2
    question = Question(DAY, of, accuracy)
    here, there = (
        decide(question, look_around(border + side * off, along), RULES) for side in (-1, 1)
    )
    assert here.responsible
    assert there.responsible
    assert here.border == there.border
    assert (there.responsible in here.candidates) == (here.responsible in there.candidates)
    assert (there.responsible in here.candidates) == here.border
