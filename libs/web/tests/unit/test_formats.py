"""Dates, numbers and distances as people write them."""

import datetime as dt

import pytest

from melder_web.formats import Formats

WINTER = dt.datetime(2026, 1, 5, 8, 4, tzinfo=dt.UTC)
SUMMER = dt.datetime(2026, 7, 5, 22, 30, tzinfo=dt.UTC)


@pytest.fixture
def german() -> Formats:
    return Formats(timezone="Europe/Berlin", language=lambda: "de")


def test_times_are_local_and_know_summer_time(german: Formats) -> None:
    assert german.local_datetime(WINTER) == "5. Januar 2026, 9:04 Uhr"
    assert german.local_datetime(SUMMER) == "6. Juli 2026, 0:30 Uhr"
    assert german.local_date(SUMMER) == "6. Juli 2026"
    assert german.local_date(dt.date(2026, 7, 5)) == "5. Juli 2026"
    assert german.short_datetime(WINTER) == "05.01.26, 09:04"
    assert german.time_ago(WINTER, now=WINTER + dt.timedelta(hours=3)) == "vor 3 Stunden"


@pytest.mark.parametrize(
    ("metres", "shown"),
    [
        (0, "0 m"),
        (7.4, "7 m"),
        (43, "40 m"),
        (996, "1.000 m"),
        (1249, "1,2 km"),
        (12_345, "12,3 km"),
    ],
)
def test_distances_are_no_more_exact_than_true(german: Formats, metres: float, shown: str) -> None:
    assert german.distance(metres) == shown


def test_numbers_and_coordinates(german: Formats) -> None:
    assert german.local_number(1234567) == "1.234.567"
    assert german.local_number(3.14159, 2) == "3,14"
    assert german.coordinates((54.0887, 12.1405)) == "54,08870° N, 12,14050° O"
    assert german.coordinates((-1.5, -0.25)) == "1,50000° S, 0,25000° W"
    shown = german.coordinates_unbroken((54.0887, 12.1405))
    assert shown.striptags() == "54,08870° N, 12,14050° O"
    assert ">54,08870° N,</span> <span" in shown
    assert german.language_name("en") == "English"


def test_english_is_written_as_in_europe() -> None:
    english = Formats(timezone="Europe/Berlin", language=lambda: "en")
    assert english.local_datetime(WINTER) == "5 January 2026, 9:04"
    assert english.coordinates((1, 2)) == "1.00000° N, 2.00000° E"
