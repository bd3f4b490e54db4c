"""Template filters: dates, numbers, distances and states as people write them."""

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

from babel import Locale, numbers
from babel.dates import format_date, format_datetime, format_timedelta
from markupsafe import Markup

Filter = Callable[..., str]

LOCALES = {"en": "en_GB"}
"""Whose habits count for a language: English in Europe writes 23 November 2026, not November 23."""


class Formats:
    """Filters of one time zone; ``language`` is asked at each use, because it is the request's."""

    def __init__(self, *, timezone: str, language: Callable[[], str]) -> None:
        self._zone = ZoneInfo(timezone)
        self._language = language

    def filters(self) -> dict[str, Filter]:
        """The filters by the names that templates use."""
        return {
            "local_date": self.local_date,
            "local_datetime": self.local_datetime,
            "short_datetime": self.short_datetime,
            "time_ago": self.time_ago,
            "local_number": self.local_number,
            "distance": self.distance,
            "coordinates": self.coordinates_unbroken,
            "iso": self.iso,
            "language_name": self.language_name,
        }

    def local_date(self, value: dt.datetime | dt.date) -> str:
        """``23. November 2026``."""
        return format_date(self._here(value), "long", locale=self._locale())

    def local_datetime(self, value: dt.datetime) -> str:
        """``23. November 2026, 14:05 Uhr``."""
        here, locale = self._here(value), self._locale()
        suffix = " Uhr" if locale.startswith("de") else ""
        time = format_datetime(here, "H:mm", locale=locale)
        return f"{format_date(here, 'long', locale=locale)}, {time}{suffix}"

    def short_datetime(self, value: dt.datetime) -> str:
        """``23.11.26, 14:05`` for tables."""
        return format_datetime(self._here(value), "short", locale=self._locale())

    def time_ago(self, value: dt.datetime, now: dt.datetime | None = None) -> str:
        """``vor 3 Stunden``; ``now`` defaults to the present."""
        passed = value - (now or dt.datetime.now(dt.UTC))
        return format_timedelta(passed, add_direction=True, locale=self._locale())

    def local_number(self, value: float, digits: int = 0) -> str:
        """``1.234`` or, with ``digits``, ``1.234,5``."""
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return numbers.format_decimal(value, pattern, locale=self._locale())

    def distance(self, metres: float) -> str:
        """``40 m`` below a kilometre (rounded to what a person can tell), then ``1,2 km``."""
        if metres < 1000:
            step = 1 if metres < 20 else 10
            return f"{self.local_number(round(metres / step) * step)} m"
        return f"{self.local_number(metres / 1000, 1)} km"

    def coordinates(self, place: tuple[float, float]) -> str:
        """``54,08870° N, 12,14050° O`` from (latitude, longitude): five digits, about a metre."""
        return ", ".join(self._degrees(place))

    def coordinates_unbroken(self, place: tuple[float, float]) -> Markup:
        """The same for a page: a line may end between the two numbers only."""
        latitude, longitude = self._degrees(place)
        span = Markup('<span class="m-unbroken">{}</span>')
        return Markup(" ").join([span.format(f"{latitude},"), span.format(longitude)])

    def iso(self, value: dt.datetime | dt.date) -> str:
        """The machine's form, for ``<time datetime>``."""
        return value.isoformat()

    def language_name(self, tag: str) -> str:
        """``English`` for ``en``: a language in its own words."""
        name = Locale.parse(tag, sep="-").get_display_name() or tag
        return name[:1].upper() + name[1:]

    def _degrees(self, place: tuple[float, float]) -> tuple[str, str]:
        latitude, longitude = (self.local_number(abs(value), 5) for value in place)
        east = "O" if self._language().startswith("de") else "E"
        north_south = "N" if place[0] >= 0 else "S"
        return f"{latitude}° {north_south}", f"{longitude}° {east if place[1] >= 0 else 'W'}"

    def _locale(self) -> str:
        language = self._language()
        return LOCALES.get(language, language)

    def _here(self, value: dt.datetime | dt.date) -> dt.datetime | dt.date:
        if isinstance(value, dt.datetime):
            return value.astimezone(self._zone)
        return value
