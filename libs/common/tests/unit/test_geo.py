"""Coordinates are finite, in range, and say what is wrong with those that are not."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from sqlalchemy import column, select

from melder_common.geo import (
    Coordinate,
    CoordinateRefused,
    Latitude,
    Longitude,
    metric,
    metric_sql,
    parse_degrees,
    point,
)

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)


class Pin(BaseModel):
    lat: Latitude
    long: Longitude


def degrees_or_code(value: Any) -> float | str:
    try:
        return parse_degrees(value, "lat")
    except CoordinateRefused as refusal:
        return refusal.code


@given(latitudes, longitudes)
def test_every_place_on_earth_comes_back_exactly(lat: float, long: float) -> None:
    assert Coordinate.parse(repr(lat), repr(long)) == Coordinate(lat, long)
    pin = Pin.model_validate({"lat": str(lat), "long": long})
    assert (pin.lat, pin.long) == (lat, long)


@given(st.floats() | st.integers() | st.text(max_size=12) | st.booleans() | st.none())
def test_whatever_comes_is_a_good_number_or_a_named_refusal(value: Any) -> None:
    outcome = degrees_or_code(value)
    if isinstance(outcome, str):
        assert outcome.startswith("coordinate_")
    else:
        assert math.isfinite(outcome)
        assert -90 <= outcome <= 90


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (math.nan, "coordinate_not_finite"),
        ("NaN", "coordinate_not_finite"),
        (math.inf, "coordinate_not_finite"),
        ("-Infinity", "coordinate_not_finite"),
        ("1e999", "coordinate_not_finite"),
        (10**400, "coordinate_not_finite"),
        (True, "coordinate_not_a_number"),
        ("true", "coordinate_not_a_number"),
        (None, "coordinate_not_a_number"),
        ([54], "coordinate_not_a_number"),
        ("", "coordinate_not_a_number"),
        ("5_4", "coordinate_not_a_number"),
        ("५४", "coordinate_not_a_number"),
        ("54\x00", "coordinate_not_a_number"),
        ("0x36", "coordinate_not_a_number"),
        ("52,5", "coordinate_comma"),
        (90.0000001, "coordinate_out_of_range"),
        ("-91", "coordinate_out_of_range"),
    ],
)
def test_each_wrong_latitude_has_its_code(value: Any, code: str) -> None:
    with pytest.raises(CoordinateRefused) as refused:
        parse_degrees(value, "lat")
    assert refused.value.code == code
    with pytest.raises(ValidationError) as invalid:
        Pin.model_validate({"lat": value, "long": 12})
    assert invalid.value.errors()[0]["type"] == code
    assert invalid.value.errors()[0]["loc"] == ("lat",)


@pytest.mark.parametrize("json", ['{"lat": NaN, "long": 1}', '{"lat": 1e999, "long": 1}'])
def test_json_tricks_do_not_pass(json: str) -> None:
    with pytest.raises(ValidationError):
        Pin.model_validate_json(json)


def test_a_coordinate_cannot_be_built_wrong_in_code_either() -> None:
    with pytest.raises(CoordinateRefused):
        Coordinate(math.nan, 12)
    with pytest.raises(CoordinateRefused):
        Coordinate(54, 181)


def test_negative_zero_is_zero() -> None:
    assert str(Coordinate(-0.0, -0.0).lat) == "0.0"


@given(st.floats(47.3, 55), st.floats(5.9, 15))
def test_swapped_german_places_are_noticed(lat: float, long: float) -> None:
    assert Coordinate(lat, long).in_germany
    assert not Coordinate(lat, long).looks_swapped
    assert Coordinate(long, lat).looks_swapped


def test_elsewhere_is_not_called_swapped() -> None:
    assert not Coordinate(48.85, 2.35).looks_swapped
    assert not Coordinate(0, 0).looks_swapped


def test_metres_come_from_one_projection() -> None:
    assert "ST_Transform(place, 25832)" in str(select(metric(column("place"))))
    assert metric_sql("c.place") == "ST_Transform(c.place, 25832)"
    compiled = select(point(Coordinate(54, 12))).compile()
    assert list(compiled.params.values()) == [12.0, 54.0]
