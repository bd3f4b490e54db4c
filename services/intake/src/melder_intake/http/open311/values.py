"""Reading one parameter of Open311: text in, value out, or a sentence that says what is wrong."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from melder_common.geo import Coordinate, CoordinateRefused, parse_degrees
from melder_common.text import TextRefused, clean_text
from melder_intake.domain.submission import Fault
from melder_intake.http.sentences import sentence

# a plus sign that nobody encoded arrives as a space
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(?:(Z)|([+ -])(\d\d):?(\d\d))",
    re.ASCII | re.IGNORECASE,
)
_YES = frozenset({"true", "1", "yes", "on"})
_NO = frozenset({"false", "0", "no", "off"})
LARGEST_RADIUS_M = 100_000


class ValueRefused(ValueError):
    """A parameter that cannot be read; the message is a German sentence without its name."""


def moment(text: str) -> datetime:
    """ISO 8601 with seconds and zone (GeoReport v2); fractions are cut to microseconds."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueRefused(
            "kein Zeitpunkt nach ISO 8601 mit Zeitzone, zum Beispiel 2026-11-23T14:00:00Z."
        )
    day, clock, fraction, utc, sign, hours, minutes = found.groups()
    zone = "+00:00" if utc else f"{sign.replace(' ', '+')}{hours}:{minutes}"
    try:
        written = f"{day}T{clock}.{(fraction or '0')[:6]:0<6}{zone}"
        return datetime.fromisoformat(written).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueRefused("diesen Zeitpunkt gibt es nicht.") from None


def whole(least: int, most: int) -> Callable[[str], int]:
    """A whole number, pulled into ``least`` to ``most``."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise ValueRefused("keine ganze Zahl.")
        return min(max(int(text), least), most)

    return read


def flag(text: str) -> bool:
    """True or false, as the clients write them."""
    word = text.lower()
    if word in _YES | _NO:
        return word in _YES
    raise ValueRefused("Es gibt nur die Werte true und false.")


def words(text: str) -> tuple[str, ...]:
    """A list with commas; empty places are no entries."""
    return tuple(word for part in text.split(",") if (word := part.strip()))


def one_of(*known: str) -> Callable[[str], str]:
    """One of these words, whatever its case."""

    def read(text: str) -> str:
        if text.lower() not in known:
            raise ValueRefused(f"Es gibt nur die Werte {', '.join(known)}.")
        return text.lower()

    return read


def some_of(*known: str) -> Callable[[str], frozenset[str]]:
    """Some of these words with commas between."""

    def read(text: str) -> frozenset[str]:
        found = frozenset(word.lower() for word in words(text))
        if found - set(known):
            raise ValueRefused(f"Es gibt nur die Werte {' und '.join(known)}.")
        return found

    return read


def line(text: str) -> str:
    """One line of text that may be looked for."""
    try:
        return clean_text(text, max_length=200)
    except TextRefused as refused:
        raise ValueRefused(sentence(Fault("", refused.code, {"max": "200"}))) from None


def degrees_north(text: str) -> float:
    """A latitude, WGS 84."""
    return _degrees(text, "lat")


def degrees_east(text: str) -> float:
    """A longitude, WGS 84."""
    return _degrees(text, "long")


def _degrees(text: str, axis: str) -> float:
    try:
        return parse_degrees(text, "lat" if axis == "lat" else "long")
    except CoordinateRefused as refused:
        raise ValueRefused(sentence(Fault(axis, refused.code))) from None


def metres(text: str) -> float:
    """A radius in metres, at most ``LARGEST_RADIUS_M``."""
    if not re.fullmatch(r"\d{1,7}(\.\d{1,9})?", text, re.ASCII):
        raise ValueRefused("keine Zahl in Metern.")
    return min(float(text), LARGEST_RADIUS_M)


Box = tuple[Coordinate, Coordinate]


def box(text: str) -> Box:
    """``west,south,east,north`` (GeoJSON, RFC 7946): the two corners."""
    parts = text.split(",")
    if len(parts) != 4:
        raise ValueRefused("erwartet wird west,süd,ost,nord in Grad.")
    try:
        west, south, east, north = parts
        low, high = Coordinate.parse(south, west), Coordinate.parse(north, east)
    except CoordinateRefused as refused:
        raise ValueRefused(sentence(Fault("bbox", refused.code))) from None
    if low.lat > high.lat or low.long > high.long:
        raise ValueRefused("die Reihenfolge ist west,süd,ost,nord.")
    return low, high
