"""What the camera noted about place and time (EXIF 3.0, as libvips spells it)."""

import math
import re
from datetime import datetime
from typing import Any

from melder_media.domain.pictures import Suggestion

_RATIONAL = re.compile(r"(\d{1,12})/(\d{1,12})")
_OFFSET = re.compile(r"^[+-]\d\d:\d\d$")


def read_suggestion(header: Any) -> Suggestion | None:
    """Place and time from a libvips image's header; None when neither is usable."""
    lat = _degrees(
        _field(header, "exif-ifd3-GPSLatitude"), _field(header, "exif-ifd3-GPSLatitudeRef")
    )
    long = _degrees(
        _field(header, "exif-ifd3-GPSLongitude"), _field(header, "exif-ifd3-GPSLongitudeRef")
    )
    if not _plausible(lat, long):
        lat = long = None
    taken_at = _taken_at(
        _field(header, "exif-ifd2-DateTimeOriginal"), _field(header, "exif-ifd2-OffsetTimeOriginal")
    )
    if lat is None and taken_at is None:
        return None
    return Suggestion(lat, long, taken_at)


def _field(header: Any, name: str) -> str:
    # libvips gives "value (value, type, n components, n bytes)"
    return str(header.get(name)).split(" (", 1)[0].strip() if header.get_typeof(name) else ""


def _degrees(rationals: str, hemisphere: str) -> float | None:
    parts = [(int(a), int(b)) for a, b in _RATIONAL.findall(rationals)]
    if len(parts) != 3 or any(b == 0 for _, b in parts):
        return None
    degrees, minutes, seconds = (a / b for a, b in parts)
    value = degrees + minutes / 60 + seconds / 3600
    return round(-value if hemisphere in {"S", "W"} else value, 7)


def _plausible(lat: float | None, long: float | None) -> bool:
    if lat is None or long is None or not (math.isfinite(lat) and math.isfinite(long)):
        return False
    return abs(lat) <= 90 and abs(long) <= 180 and (lat, long) != (0.0, 0.0)


def _taken_at(moment: str, offset: str) -> str | None:
    try:
        taken = datetime.strptime(moment, "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - cameras rarely know their zone
    except ValueError:
        return None
    return taken.isoformat() + (offset if _OFFSET.match(offset) else "")
