"""In or out, by our own even-odd rule, against Shapely."""

from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from melder_intake.domain.area import Area

SQUARE = ((11.0, 53.0), (12.0, 53.0), (12.0, 54.0), (11.0, 54.0), (11.0, 53.0))
HOLE = ((11.4, 53.4), (11.6, 53.4), (11.6, 53.6), (11.4, 53.6), (11.4, 53.4))
ISLAND = ((11.48, 53.48), (11.52, 53.48), (11.5, 53.52), (11.48, 53.48))
FAR = ((13.0, 53.2), (13.5, 53.2), (13.2, 53.9), (13.0, 53.2))


@pytest.mark.parametrize(
    ("lat", "long", "expected"),
    [
        (53.5, 11.2, True),
        (53.5, 11.5, True),  # on the island in the hole
        (53.45, 11.45, False),  # in the hole
        (53.4, 11.5, True),  # on the border of the hole
        (53.5, 10.9, False),
        (53.5, 12.1, False),
        (54.1, 11.5, False),
        (52.9, 11.5, False),
        (53.0, 11.0, True),  # a corner
        (54.0, 12.0, True),  # the corner opposite
        (54.0, 11.5, True),  # on the northern border
        (53.7, 12.0, True),  # on the eastern border
        (53.3, 13.1, True),  # in another part
        (53.9, 13.2, True),  # the tip of that part
        (53.9, 13.3, False),
    ],
)
def test_squares_holes_islands_and_borders(lat: float, long: float, *, expected: bool) -> None:
    assert Area([SQUARE, HOLE, ISLAND, FAR]).covers(lat, long) is expected


def test_without_rings_nothing_is_inside() -> None:
    assert not Area([]).covers(0.0, 0.0)


@st.composite
def polygons(draw: st.DrawFn) -> Any:
    """Whatever valid shape comes of a few points on a coarse grid: many corners are level."""
    grid = st.tuples(st.integers(0, 12), st.integers(0, 12))
    points = draw(st.lists(grid, min_size=3, max_size=25))
    shape = shapely.make_valid(shapely.Polygon([(11 + x / 8, 53 + y / 8) for x, y in points]))
    return shapely.MultiPolygon(
        [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    )


@given(polygons(), st.integers(-1, 25), st.integers(-1, 25), st.floats(-0.01, 0.01))
def test_it_agrees_with_shapely(shape: Any, x: int, y: int, off: float) -> None:
    rings = [
        [(float(long), float(lat)) for long, lat in ring.coords]
        for part in shape.geoms
        for ring in (part.exterior, *part.interiors)
    ]
    area = Area(rings)
    for long, lat in ((11 + x / 16, 53 + y / 16), (11 + x / 16 + off, 53 + y / 16 + off / 3)):
        point = shapely.Point(long, lat)
        if shape.boundary.distance(point) > 1e-9 or shape.boundary.covers(point):
            assert area.covers(lat, long) == shape.covers(point)
