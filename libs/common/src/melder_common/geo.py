"""Places on earth: WGS 84 in and out, metres through one projection (EPSG:25832)."""

import math
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError
from sqlalchemy import ColumnElement, func, literal_column

WGS84 = 4326
METRIC = 25832
"""ETRS89 / UTM zone 32N: Germany's official metric system; metres, also used east of 12°."""

GERMANY = (47.2, 55.1, 5.8, 15.1)
"""South, north, west, east of Germany in degrees, rounded outwards."""

_DECIMAL = re.compile(r"[+-]?(?:\d{1,20}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][+-]?\d{1,3})?", re.ASCII)
_WITH_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)


class CoordinateRefused(ValueError):
    """A number that is no latitude or longitude. ``field``: lat or long; ``code`` for machines."""

    def __init__(self, field: Literal["lat", "long"], code: str, message: str) -> None:
        super().__init__(f"{field} {message}")
        self.field = field
        self.code = code
        self.detail = message


def parse_degrees(value: object, field: Literal["lat", "long"]) -> float:
    """A finite number in range from a number or a decimal string. Raises CoordinateRefused.

    Neither ``true`` nor NaN nor infinities nor numbers with a comma pass.
    """
    number = _parse_number(value, field)
    if not math.isfinite(number):
        raise CoordinateRefused(field, "coordinate_not_finite", "is not a finite number")
    limit = 90 if field == "lat" else 180
    if not -limit <= number <= limit:
        raise CoordinateRefused(
            field, "coordinate_out_of_range", f"must lie between -{limit} and {limit} degrees"
        )
    return number + 0.0


def _parse_number(value: object, field: Literal["lat", "long"]) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise CoordinateRefused(
            field, "coordinate_not_a_number", "is not a number: send decimal degrees"
        )
    if not isinstance(value, str):
        return float(value) if abs(value) < 1e300 else math.inf
    text = value.strip()
    if _WITH_COMMA.fullmatch(text):
        raise CoordinateRefused(
            field, "coordinate_comma", "has a decimal comma: use a decimal point"
        )
    if text.lower().lstrip("+-") in {"nan", "inf", "infinity"}:
        return math.nan
    if not _DECIMAL.fullmatch(text):
        raise CoordinateRefused(
            field,
            "coordinate_not_a_number",
            "is not a number: send decimal degrees such as 54.0887",
        )
    return float(text)


@dataclass(frozen=True, slots=True)
class Coordinate:
    """A point in WGS 84 degrees, always finite and in range. Raises CoordinateRefused."""

    lat: float
    long: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "lat", parse_degrees(self.lat, "lat"))
        object.__setattr__(self, "long", parse_degrees(self.long, "long"))

    @classmethod
    def parse(cls, lat: object, long: object) -> Self:
        """From whatever a request carried (numbers or text)."""
        return cls(lat=parse_degrees(lat, "lat"), long=parse_degrees(long, "long"))

    @property
    def in_germany(self) -> bool:
        """Within the box around Germany: a hint, never a decision."""
        south, north, west, east = GERMANY
        return south <= self.lat <= north and west <= self.long <= east

    @property
    def looks_swapped(self) -> bool:
        """Whether latitude and longitude were probably mixed up: swapped, it lies in Germany."""
        south, north, west, east = GERMANY
        return not self.in_germany and south <= self.long <= north and west <= self.lat <= east


def _validate_latitude(value: Any) -> float:
    return _validated(value, "lat")


def _validate_longitude(value: Any) -> float:
    return _validated(value, "long")


def _validated(value: Any, field: Literal["lat", "long"]) -> float:
    try:
        return parse_degrees(value, field)
    except CoordinateRefused as error:
        raise PydanticCustomError(
            error.code,
            "{message}",
            {"message": error.detail},
        ) from None


Latitude = Annotated[float, BeforeValidator(_validate_latitude)]
Longitude = Annotated[float, BeforeValidator(_validate_longitude)]


def point(coordinate: Coordinate) -> ColumnElement[Any]:
    """The SQL expression of a coordinate: a PostGIS point, SRID 4326."""
    return func.ST_SetSRID(func.ST_MakePoint(coordinate.long, coordinate.lat), _literal(WGS84))


def metric(expression: ColumnElement[Any]) -> ColumnElement[Any]:
    """A geometry in EPSG:25832: the only way from degrees to metres."""
    return func.ST_Transform(expression, _literal(METRIC))


def metric_sql(expression: str) -> str:
    """As ``metric``, for SQL written as text: ``expression`` is SQL of our own, never input."""
    return f"ST_Transform({expression}, {METRIC})"


def _literal(number: int) -> ColumnElement[int]:
    """A number as part of the statement, so that indexes on the same expression are found."""
    return literal_column(str(number))
