"""The integer tile of a place."""

from hypothesis import given
from hypothesis import strategies as st

from melder_routing.domain.tiles import ZOOM, tile_of, tiles_in_box

LATITUDES = st.floats(-90, 90)
LONGITUDES = st.floats(-180, 180)


def test_the_brandenburg_gate_lies_where_every_web_map_puts_it() -> None:
    assert tile_of(52.5163, 13.3777) == 8800 * 2**14 + 5373


@given(LATITUDES, LONGITUDES)
def test_every_place_has_a_tile_that_fits_an_integer(lat: float, long: float) -> None:
    assert 0 <= tile_of(lat, long) < 2 ** (2 * ZOOM) < 2**31


@given(st.floats(47, 55), st.floats(6, 15), st.floats(0, 0.05), st.floats(0, 0.05))
def test_a_box_has_the_tiles_of_its_corners(
    south: float, west: float, height: float, width: float
) -> None:
    tiles = tiles_in_box(south, west, south + height, west + width)
    for lat in (south, south + height, south + height / 2):
        for long in (west, west + width, west + width / 2):
            assert tile_of(lat, long) in tiles
