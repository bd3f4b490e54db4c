"""The map without scripts: what is drawn where, and what a click means."""

import pytest
from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st

from melder_web.static_map import MapView, Shape, draw_map

RING = [(12.0, 54.0), (12.2, 54.0), (12.2, 54.1), (12.0, 54.1), (12.0, 54.0)]
REGION = Shape("Region", [RING], is_region=True)
TOWN = Shape("Rostock & Umland", [RING])


@given(
    lat=st.floats(53.9, 54.2),
    long=st.floats(11.9, 12.3),
    span_m=st.floats(200, 60_000),
    x=st.integers(0, 640),
    y=st.integers(0, 400),
)
def test_a_click_and_its_place_are_the_same(
    lat: float, long: float, span_m: float, x: int, y: int
) -> None:
    view = MapView(lat, long, span_m)
    assert view.pixel(*view.place(x, y)) == pytest.approx((x, y), abs=0.01)


def test_the_view_fits_all_shapes() -> None:
    view = MapView.fitting([TOWN, REGION])
    for long, lat in RING:
        x, y = view.pixel(lat, long)
        assert 0 <= x <= view.width
        assert 0 <= y <= view.height


def test_a_view_needs_shapes() -> None:
    with pytest.raises(ValueError, match="no shapes"):
        MapView.fitting([])


def test_the_view_comes_back_from_its_fields() -> None:
    view = MapView(54.05, 12.1, 5000)
    assert MapView.from_fields(view.fields) == view


@pytest.mark.parametrize("broken", [{}, {"map_lat": "x"}, {"map_m": "nan"}, {"map_m": "1e99"}])
def test_forged_fields_give_no_view(broken: dict[str, str]) -> None:
    fields = {"map_lat": "54", "map_long": "12", **broken} if broken else {}
    assert MapView.from_fields(fields) is None


def test_clicks_come_closer_but_not_endlessly() -> None:
    view = MapView(54.05, 12.1, 5000)
    for _ in range(9):
        view = view.closer_to(54.06, 12.11)
    assert (view.lat, view.long, view.span_m) == (54.06, 12.11, 200)


def test_a_click_beside_the_picture_counts_as_its_edge() -> None:
    view = MapView(54.05, 12.1, 5000)
    assert view.place(-5, 9999) == view.place(0, 400)


def test_the_drawing_is_sound_and_escaped() -> None:
    drawing = draw_map(MapView.fitting([TOWN]), [REGION, TOWN], pin=(54.05, 12.1))
    root = ElementTree.fromstring(drawing)
    assert "Rostock &amp; Umland" in drawing
    assert drawing.count("<path") >= 3
    assert root.get("width") == "640"


def test_shapes_out_of_sight_are_left_out() -> None:
    near = draw_map(MapView(54.05, 12.1, 500), [TOWN])
    far = draw_map(MapView(50.0, 8.0, 500), [TOWN])
    assert "Rostock" not in far
    assert len(far) < len(near)
