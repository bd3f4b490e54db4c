"""Working days: Monday to Friday without public holidays. Holidays are data of the Land's pack."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

GERMANY = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True, slots=True)
class HolidayRules:
    """``fixed``: (month, day) pairs; ``after_easter``: days from Easter Sunday, also negative."""

    fixed: frozenset[tuple[int, int]]
    after_easter: frozenset[int]

    @classmethod
    def from_json(cls, plain: Mapping[str, object]) -> "HolidayRules":
        """As a Land pack has them: ``{"fixed": ["MM-DD"], "after_easter": [days]}``."""
        fixed = [str(day).split("-") for day in _list(plain.get("fixed"))]
        return cls(
            frozenset((int(month), int(day)) for month, day in fixed),
            frozenset(int(str(days)) for days in _list(plain.get("after_easter"))),
        )


NO_HOLIDAYS = HolidayRules(frozenset(), frozenset())


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def easter_sunday(year: int) -> date:
    """Easter of the Gregorian calendar by the method of Butcher (1877)."""
    golden, (century, rest) = year % 19, divmod(year, 100)
    leaps, skipped = divmod(century, 4)
    correction = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leaps - correction + 15) % 30
    quarter, odd = divmod(rest, 4)
    weekday = (32 + 2 * skipped + 2 * quarter - epact - odd) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def is_working_day(day: date, rules: HolidayRules) -> bool:
    """Whether offices are open on ``day``."""
    if day.weekday() >= 5 or (day.month, day.day) in rules.fixed:
        return False
    return (day - easter_sunday(day.year)).days not in rules.after_easter


def add_working_days(start: datetime, days: int, rules: HolidayRules) -> datetime:
    """The moment ``days`` working days after ``start``, at the same time of day in Germany."""
    here = start.astimezone(GERMANY)
    day = here.date()
    while days > 0:
        day += timedelta(days=1)
        days -= is_working_day(day, rules)
    return datetime.combine(day, here.timetz()).astimezone(start.tzinfo)


def working_days_between(start: datetime, end: datetime, rules: HolidayRules) -> int:
    """How many working days began after ``start`` up to ``end``; 0 on the same day or before."""
    first, last = start.astimezone(GERMANY).date(), end.astimezone(GERMANY).date()
    span = max((last - first).days, 0)
    return sum(is_working_day(first + timedelta(days=n + 1), rules) for n in range(span))
