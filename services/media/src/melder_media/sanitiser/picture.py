"""Decodes a picture within its limits and encodes it anew: pixels come through, nothing else.

Runs only in the sandboxed process (``__main__``), never in the service.
"""

import os
from collections.abc import Iterable
from typing import Any

import pyvips

from melder_media.domain.pictures import (
    LONG_SIDE,
    CleanFile,
    Encoding,
    Inspection,
    PictureFormat,
    PictureRefused,
    Refusal,
    Size,
)
from melder_media.sanitiser.camera import read_suggestion
from melder_media.sanitiser.formats import HEAD_BYTES, sniff

JPEG_QUALITY = 80
WEBP_QUALITY = 75
WEBP_EFFORT = 2
"""0 … 6; beyond 2 files get 6 % smaller for three times the time (measured, 12 megapixels)."""

_LOADERS = {
    PictureFormat.JPEG: "jpegload_source",
    PictureFormat.PNG: "pngload_source",
    PictureFormat.WEBP: "webpload_source",
    PictureFormat.HEIC: "heifload_source",
    PictureFormat.AVIF: "heifload_source",
}


def inspect(descriptor: int, *, max_pixels: int) -> Inspection:
    """Look at a file once: is it a picture, how large, what does the camera say; make a thumbnail.

    Raises PictureRefused; the pixel limit is checked before anything is decoded.
    """
    kind, header = _open(descriptor, max_pixels)
    suggestion = read_suggestion(header)
    swapped = kind in {PictureFormat.JPEG, PictureFormat.PNG, PictureFormat.WEBP} and (
        header.get_typeof("orientation") != 0 and header.get("orientation") >= 5
    )
    width, height = (header.height, header.width) if swapped else (header.width, header.height)
    thumbnail = _decode(descriptor, kind, header, LONG_SIDE[Size.THUMBNAIL])
    return Inspection(kind, width, height, suggestion, tuple(_encode(thumbnail, Size.THUMBNAIL)))


def render(descriptor: int, *, max_pixels: int) -> tuple[CleanFile, ...]:
    """All sizes of a picture in all encodings. Raises PictureRefused."""
    kind, header = _open(descriptor, max_pixels)
    image = _decode(descriptor, kind, header, LONG_SIDE[Size.FULL])
    files: list[CleanFile] = []
    for size in (Size.FULL, Size.LIST, Size.THUMBNAIL):
        image = _shrink(image, LONG_SIDE[size]).copy_memory()
        files.extend(_encode(image, size))
    return tuple(files)


def _open(descriptor: int, max_pixels: int) -> tuple[PictureFormat, Any]:
    head = os.pread(descriptor, HEAD_BYTES, 0)
    if not head:
        raise PictureRefused(Refusal.EMPTY)
    kind = sniff(head)
    if kind is None:
        raise PictureRefused(Refusal.NOT_AN_IMAGE)
    try:
        header = _load(descriptor, kind)
    except pyvips.Error as error:
        raise PictureRefused(Refusal.NOT_AN_IMAGE) from error
    if header.width * header.height > max_pixels:
        raise PictureRefused(Refusal.TOO_MANY_PIXELS)
    return kind, header


def _load(descriptor: int, kind: PictureFormat, **options: Any) -> Any:
    os.lseek(descriptor, 0, os.SEEK_SET)
    source = pyvips.Source.new_from_descriptor(descriptor)
    return getattr(pyvips.Image, _LOADERS[kind])(
        source, access="sequential", fail_on="truncated", **options
    )


def _decode(descriptor: int, kind: PictureFormat, header: Any, long_side: int) -> Any:
    """Upright 8-bit sRGB pixels in memory, at most ``long_side``."""
    try:
        if kind is PictureFormat.JPEG:
            image = _load(descriptor, kind, shrink=_jpeg_shrink(header, long_side))
        elif _is_hevc(header):
            image = _decode_hevc(descriptor)
        else:
            image = header
        image = _shrink(_without_alpha(image), long_side).autorot()
        return _to_srgb(image).copy_memory()
    except (pyvips.Error, ValueError, EOFError) as error:
        raise PictureRefused(Refusal.UNREADABLE) from error


def _jpeg_shrink(header: Any, long_side: int) -> int:
    """JPEG decodes to a half, a quarter or an eighth almost for free."""
    longest = max(header.width, header.height)
    return next((by for by in (8, 4, 2) if longest // by >= long_side), 1)


def _is_hevc(header: Any) -> bool:
    return bool(header.get_typeof("heif-compression") and header.get("heif-compression") == "hevc")


def _decode_hevc(descriptor: int) -> Any:
    """HEVC pixels by pillow-heif: the libvips wheel reads HEIF but brings only the AV1 decoder."""
    import pillow_heif  # noqa: PLC0415 - 20 MB and 70 ms that only iPhone photos need

    os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(os.dup(descriptor), "rb") as file:
        heif = pillow_heif.open_heif(file, convert_hdr_to_8bit=True)
        bands = len(heif.mode)
        image = pyvips.Image.new_from_memory(
            heif.data, heif.stride // bands, heif.size[1], bands, "uchar"
        )
    image = image.crop(0, 0, *heif.size).copy(interpretation="srgb" if bands > 2 else "b-w")
    if heif.info.get("icc_profile"):
        image = image.copy()
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", heif.info["icc_profile"])
    return image


def _without_alpha(image: Any) -> Any:
    if not image.hasalpha():
        return image
    return image.flatten(background=[65535.0 if image.format == "ushort" else 255.0])


def _shrink(image: Any, long_side: int) -> Any:
    if max(image.width, image.height) <= long_side:
        return image
    return image.thumbnail_image(long_side, height=long_side, size="down", no_rotate=True)


def _to_srgb(image: Any) -> Any:
    if image.get_typeof("icc-profile-data"):
        image = image.icc_transform("srgb", embedded=True, intent="relative")
    return image.colourspace("srgb").cast("uchar")


def _encode(image: Any, size: Size) -> Iterable[CleanFile]:
    webp = image.webpsave_buffer(Q=WEBP_QUALITY, effort=WEBP_EFFORT, keep="none")
    jpeg = image.jpegsave_buffer(Q=JPEG_QUALITY, optimize_coding=True, keep="none")
    yield CleanFile(size, Encoding.WEBP, image.width, image.height, webp)
    yield CleanFile(size, Encoding.JPEG, image.width, image.height, jpeg)
