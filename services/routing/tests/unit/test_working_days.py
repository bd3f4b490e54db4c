"""Working days in Mecklenburg-Vorpommern."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from melder_routing.domain.working_days import (
    add_working_days,
    easter_sunday,
    is_working_day,
    working_days_between,
)
from melder_routing.store.region_file import read_pack

PACKS = Path(__file__).parents[4] / "infra/packs"
RULES = read_pack(PACKS / "de-mv").holidays.rules


@pytest.mark.parametrize(
    ("year", "expected"),
    [
        (2008, date(2008, 3, 23)),
        (2024, date(2024, 3, 31)),
        (2025, date(2025, 4, 20)),
        (2026, date(2026, 4, 5)),
        (2038, date(2038, 4, 25)),
        (2076, date(2076, 4, 19)),
    ],
)
def test_easter_is_known(year: int, expected: date) -> None:
    assert easter_sunday(year) == expected


@pytest.mark.parametrize(
    "holiday",
    [
        date(2027, 1, 1),
        date(2027, 3, 8),  # Frauentag, a holiday in this Land since 2023
        date(2026, 4, 3),  # Karfreitag
        date(2026, 4, 6),  # Ostermontag
        date(2026, 5, 14),  # Christi Himmelfahrt
        date(2026, 5, 25),  # Pfingstmontag
        date(2025, 10, 3),
        date(2025, 10, 31),  # Reformationstag
        date(2026, 12, 25),
        date(2026, 11, 22),  # Sunday
    ],
)
def test_nobody_works(holiday: date) -> None:
    assert not is_working_day(holiday, RULES)


def test_fronleichnam_is_a_working_day_here() -> None:
    assert is_working_day(date(2026, 6, 4), RULES)


def test_terms_skip_weekends_and_holidays() -> None:
    start = datetime(2026, 12, 23, 14, 30, tzinfo=UTC)
    assert add_working_days(start, 2, RULES) == datetime(2026, 12, 28, 14, 30, tzinfo=UTC)
    assert add_working_days(start, 0, RULES) == start


def test_the_time_of_day_survives_the_change_of_clocks() -> None:
    start = datetime(2026, 10, 23, 8, 0, tzinfo=UTC)  # 10 o'clock in summer
    assert add_working_days(start, 1, RULES) == datetime(2026, 10, 26, 9, 0, tzinfo=UTC)


def test_age_counts_what_add_adds() -> None:
    start = datetime(2026, 3, 30, 22, 30, tzinfo=UTC)  # already the 31st in Germany
    for days in range(30):
        assert working_days_between(start, add_working_days(start, days, RULES), RULES) == days
    assert working_days_between(start, start.replace(day=1), RULES) == 0
