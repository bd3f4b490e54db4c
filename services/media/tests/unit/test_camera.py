"""Odd EXIF gives no suggestion, never an error."""

from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from melder_media.sanitiser.picture import inspect

Descriptor = Callable[[bytes], int]


def photo_with(pictures: Any, gps: dict[int, Any], taken: str | None = None) -> bytes:
    block = Image.Exif()
    block.get_ifd(0x8825).update(gps)
    if taken is not None:
        block.get_ifd(0x8769).update({0x9003: taken})
    return bytes(pictures.jpeg(64, 48, exif=block))


@pytest.mark.parametrize(
    "gps",
    [
        {},
        {1: "N", 2: (54.0, 5.0, 23.45)},
        {2: (54.0, 5.0, 23.45), 4: (12.0, 8.0, 30.0), 1: "N", 3: "E", 5: b"\x00"}
        | {2: (0.0, 0.0, 0.0), 4: (0.0, 0.0, 0.0)},
        {1: "N", 2: (91.0, 0.0, 0.0), 3: "E", 4: (12.0, 8.0, 30.0)},
        {1: "N", 2: (54.0, 0.0, 0.0), 3: "E", 4: (181.0, 0.0, 0.0)},
        {1: "N", 2: (54.0,), 3: "E", 4: (12.0, 8.0, 30.0)},
    ],
    ids=["none", "half", "zero", "beyond the pole", "beyond the date line", "too short"],
)
def test_odd_places_are_not_suggested(
    gps: dict[int, Any], pictures: Any, descriptor_of: Descriptor
) -> None:
    assert (
        inspect(descriptor_of(photo_with(pictures, gps)), max_pixels=10_000_000).suggestion is None
    )


def test_south_and_west_are_negative(pictures: Any, descriptor_of: Descriptor) -> None:
    gps = {1: "S", 2: (33.0, 51.0, 0.0), 3: "W", 4: (70.0, 30.0, 0.0)}
    found = inspect(descriptor_of(photo_with(pictures, gps)), max_pixels=10_000_000).suggestion
    assert found is not None
    assert (found.lat, found.long) == (pytest.approx(-33.85), pytest.approx(-70.5))


@pytest.mark.parametrize(
    "taken", ["", "yesterday", "2026:13:45 99:99:99", "0000:00:00 00:00:00", "2026-05-01T12:00"]
)
def test_odd_times_are_not_suggested(taken: str, pictures: Any, descriptor_of: Descriptor) -> None:
    content = photo_with(pictures, {}, taken)
    assert inspect(descriptor_of(content), max_pixels=10_000_000).suggestion is None
