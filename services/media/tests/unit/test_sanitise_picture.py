"""Pixels come through, nothing else does."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from melder_media.domain.pictures import Encoding, PictureRefused, Refusal, Size
from melder_media.sanitiser.picture import inspect, render

MAX_PIXELS = 40_000_000
TRACES = (
    b"CANARY",
    b"Exif",
    b"EXIF",
    b"acsp",
    b"ICC_PROFILE",
    b"ICCP",
    b"ns.adobe.com",
    b"XMP",
    b"8BIM",
    b"MPF",
    b"PK\x03\x04",
    b"ftyp",
)
"""Byte strings that metadata leaves behind: EXIF, colour profiles, XMP, IPTC, MPF, tails."""

Descriptor = Callable[[bytes], int]


def corners(content: bytes) -> list[tuple[int, ...]]:
    """The colours near the four corners: top left, top right, bottom left, bottom right."""
    image = Image.open(io.BytesIO(content)).convert("RGB")
    width, height = image.size
    points = [(x * width // 8, y * height // 8) for y in (1, 7) for x in (1, 7)]
    return [image.getpixel(point) for point in points]


def looks_upright(content: bytes) -> bool:
    red, green, blue, yellow = corners(content)
    return (
        red[0] > 150 > red[1]
        and green[1] > 150 > green[0]
        and blue[2] > 150 > blue[0]
        and min(yellow[:2]) > 150 > yellow[2]
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_every_allowed_format_is_shown(kind: str, pictures: Any, descriptor_of: Descriptor) -> None:
    files = render(descriptor_of(pictures.encoded(kind, 2000, 1000)), max_pixels=MAX_PIXELS)
    shown = {(file.size, file.encoding): (file.width, file.height) for file in files}
    assert shown == {
        (size, encoding): sides
        for size, sides in {
            Size.FULL: (1600, 800),
            Size.LIST: (800, 400),
            Size.THUMBNAIL: (240, 120),
        }.items()
        for encoding in Encoding
    }
    assert all(looks_upright(file.content) for file in files)


def test_files_are_what_their_names_say(pictures: Any, descriptor_of: Descriptor) -> None:
    formats = {Encoding.JPEG: "JPEG", Encoding.WEBP: "WEBP"}
    for file in render(descriptor_of(pictures.jpeg()), max_pixels=MAX_PIXELS):
        image = Image.open(io.BytesIO(file.content))
        image.load()
        assert (image.format, image.size) == (formats[file.encoding], (file.width, file.height))


def test_small_pictures_are_not_enlarged(pictures: Any, descriptor_of: Descriptor) -> None:
    files = render(descriptor_of(pictures.jpeg(100, 60)), max_pixels=MAX_PIXELS)
    assert {(file.width, file.height) for file in files} == {(100, 60)}


@pytest.mark.parametrize("make", ["talkative_jpeg", "talkative_png"])
def test_no_trace_of_metadata_remains(make: str, pictures: Any, descriptor_of: Descriptor) -> None:
    original = getattr(pictures, make)()
    assert all(trace in original for trace in (b"CANARY", b"-tail"))
    source = descriptor_of(original)
    files = (
        *render(source, max_pixels=MAX_PIXELS),
        *inspect(source, max_pixels=MAX_PIXELS).preview,
    )
    assert [(file.size, trace) for file in files for trace in TRACES if trace in file.content] == []
    for file in files:
        assert not set(Image.open(io.BytesIO(file.content)).info) & {
            "exif",
            "icc_profile",
            "xmp",
            "comment",
        }


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(orientation: int, pictures: Any, descriptor_of: Descriptor) -> None:
    source = descriptor_of(pictures.turned(orientation))
    found = inspect(source, max_pixels=MAX_PIXELS)
    assert (found.width, found.height) == (160, 80)
    files = (*found.preview, *render(source, max_pixels=MAX_PIXELS))
    assert {(file.width, file.height) for file in files} == {(160, 80)}
    assert all(looks_upright(file.content) for file in files)


def test_transparency_becomes_white(descriptor_of: Descriptor) -> None:
    out = io.BytesIO()
    Image.new("RGBA", (64, 64), (255, 0, 0, 0)).save(out, "PNG")
    for file in render(descriptor_of(out.getvalue()), max_pixels=MAX_PIXELS):
        assert min(min(colour) for colour in corners(file.content)) > 250


@pytest.mark.parametrize("mode", ["L", "1", "P", "I;16", "CMYK", "LA"])
def test_odd_colours_come_out_as_srgb(mode: str, descriptor_of: Descriptor) -> None:
    out = io.BytesIO()
    Image.new(mode, (64, 48), 0).save(out, "JPEG" if mode == "CMYK" else "PNG")
    for file in render(descriptor_of(out.getvalue()), max_pixels=MAX_PIXELS):
        assert Image.open(io.BytesIO(file.content)).mode == "RGB"


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF"])
def test_animations_show_their_first_frame(
    kind: str, pictures: Any, descriptor_of: Descriptor
) -> None:
    for file in render(descriptor_of(pictures.animation(kind)), max_pixels=MAX_PIXELS):
        assert looks_upright(file.content)
        assert getattr(Image.open(io.BytesIO(file.content)), "n_frames", 1) == 1


def test_pixel_limit_is_read_from_the_header(pictures: Any, descriptor_of: Descriptor) -> None:
    bomb = pictures.png_bomb()
    assert len(bomb) < 200_000
    for work in (inspect, render):
        with pytest.raises(PictureRefused) as caught:
            work(descriptor_of(bomb), max_pixels=MAX_PIXELS)
        assert caught.value.refusal is Refusal.TOO_MANY_PIXELS


@pytest.mark.parametrize("size", [(30_000, 4), (4, 30_000), (1, 1)])
def test_odd_shapes_are_no_trouble(
    size: tuple[int, int], pictures: Any, descriptor_of: Descriptor
) -> None:
    for file in render(descriptor_of(pictures.encoded("PNG", *size)), max_pixels=MAX_PIXELS):
        assert 1 <= file.width <= 1600
        assert 1 <= file.height <= 1600


FOREIGN = {
    "text": b"Das ist kein Foto, nur eine Textdatei namens foto.jpg\n" * 20,
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)" width="10" height="10"/>',
    "html_with_gif_head": b"GIF89a/*<html><script>alert(1)</script>*/=1;",
    "pdf": b"%PDF-1.7\n1 0 obj<<>>endobj",
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "tiff": b"II*\x00\x08\x00\x00\x00" + bytes(64),
    "psd": b"8BPS\x00\x01" + bytes(64),
    "bmp": b"BM" + bytes(64),
    "mp4": b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2" + bytes(64),
    "riff_without_webp": b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(32),
    "jpeg_start_only": b"\xff\xd8\xff",
    "png_start_only": b"\x89PNG\r\n\x1a\n",
    "heic_box_only": b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
    "jpeg_start_then_html": b"\xff\xd8\xff\xe0<html><script>alert(1)</script></html>" * 10,
    "zeros": bytes(1000),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_files_are_refused(name: str, descriptor_of: Descriptor) -> None:
    with pytest.raises(PictureRefused) as caught:
        inspect(descriptor_of(FOREIGN[name]), max_pixels=MAX_PIXELS)
    assert caught.value.refusal in {Refusal.NOT_AN_IMAGE, Refusal.UNREADABLE}


def test_an_empty_file_is_named_so(descriptor_of: Descriptor) -> None:
    with pytest.raises(PictureRefused) as caught:
        inspect(descriptor_of(b""), max_pixels=MAX_PIXELS)
    assert caught.value.refusal is Refusal.EMPTY


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_truncated_files_are_refused(
    kind: str, share: float, pictures: Any, descriptor_of: Descriptor
) -> None:
    whole = pictures.encoded(kind, 640, 400)
    with pytest.raises(PictureRefused):
        inspect(descriptor_of(whole[: int(len(whole) * share)]), max_pixels=MAX_PIXELS)


def test_place_and_time_are_suggested(pictures: Any, descriptor_of: Descriptor) -> None:
    found = inspect(descriptor_of(pictures.talkative_jpeg()), max_pixels=MAX_PIXELS)
    assert found.suggestion is not None
    assert found.suggestion.lat == pytest.approx(54.0898472, abs=1e-6)
    assert found.suggestion.long == pytest.approx(12.1416667, abs=1e-6)
    assert found.suggestion.taken_at == "2026-05-01T12:30:11+02:00"


def test_nothing_is_suggested_without_exif(pictures: Any, descriptor_of: Descriptor) -> None:
    assert inspect(descriptor_of(pictures.jpeg()), max_pixels=MAX_PIXELS).suggestion is None
