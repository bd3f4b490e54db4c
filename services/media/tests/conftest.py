"""Pictures made for tests: harmless, talkative and malicious ones."""

import io
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache

import pillow_heif
import pytest
from PIL import Image, ImageCms

CANARY = "CANARY"
GPS = {1: "N", 2: (54.0, 5.0, 23.45), 3: "E", 4: (12.0, 8.0, 30.0)}
"""54°5'23.45" N, 12°8'30" E: Rostock."""
QUADRANTS = {
    (0, 0): (220, 30, 30),
    (1, 0): (30, 200, 30),
    (0, 1): (30, 30, 220),
    (1, 1): (240, 240, 30),
}


def quadrants(width: int, height: int) -> Image.Image:
    """Red, green / blue, yellow: it can be seen which way up it is."""
    image = Image.new("RGB", (width, height))
    for (x, y), colour in QUADRANTS.items():
        image.paste(
            colour, (x * width // 2, y * height // 2, (x + 1) * width // 2, (y + 1) * height // 2)
        )
    return image


def exif(
    *, orientation: int = 1, gps: dict[int, object] | None = None, taken: str | None = None
) -> Image.Exif:
    """EXIF with canaries in every text."""
    block = Image.Exif()
    block[0x0112] = orientation
    block[0x010F] = f"{CANARY}-make"
    block[0x0131] = f"{CANARY}-software"
    details = {0xA431: f"{CANARY}-serial", 0x9286: f"{CANARY}-comment".encode()}
    if taken:
        details |= {0x9003: taken, 0x9011: "+02:00"}
    block.get_ifd(0x8769).update(details)
    if gps:
        block.get_ifd(0x8825).update(gps)
    return block


class Pictures:
    """Files as bytes."""

    def encoded(self, kind: str, width: int = 320, height: int = 200, **options: object) -> bytes:
        """A harmless picture in ``kind`` (Pillow's name)."""
        if kind == "HEIF":
            pillow_heif.register_heif_opener()
        out = io.BytesIO()
        quadrants(width, height).save(out, kind, **options)
        return out.getvalue()

    def jpeg(self, width: int = 320, height: int = 200, **options: object) -> bytes:
        """A harmless JPEG."""
        return self.encoded("JPEG", width, height, **options)

    def turned(self, orientation: int) -> bytes:
        """Upright for whoever obeys its orientation: 160 × 80 with the known quadrants."""
        undo = {
            2: Image.Transpose.FLIP_LEFT_RIGHT,
            3: Image.Transpose.ROTATE_180,
            4: Image.Transpose.FLIP_TOP_BOTTOM,
            5: Image.Transpose.TRANSPOSE,
            6: Image.Transpose.ROTATE_90,
            7: Image.Transpose.TRANSVERSE,
            8: Image.Transpose.ROTATE_270,
        }
        image = quadrants(160, 80)
        image = image.transpose(undo[orientation]) if orientation in undo else image
        out = io.BytesIO()
        image.save(out, "JPEG", quality=95, exif=exif(orientation=orientation))
        return out.getvalue()

    def talkative_jpeg(self) -> bytes:
        """A JPEG that says who, where, when, in every way a JPEG can."""
        plain = self.jpeg(
            exif=exif(gps=GPS, taken="2026:05:01 12:30:11"), icc_profile=icc_profile()
        )
        segments = [
            (
                0xE1,
                b"http://ns.adobe.com/xap/1.0/\x00"
                + f"<x:xmpmeta>{CANARY}-xmp</x:xmpmeta>".encode(),
            ),
            (
                0xED,
                b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x10"
                + f"{CANARY}-iptc....".encode(),
            ),
            (0xE2, b"MPF\x00" + f"{CANARY}-mpf".encode()),
            (0xFE, f"{CANARY}-jpeg-comment".encode()),
        ]
        extra = b"".join(
            b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body
            for marker, body in segments
        )
        return (
            plain[:2] + extra + plain[2:] + f"PK\x03\x04{CANARY}-tail".encode() + b"ftypmp42" * 50
        )

    def talkative_png(self) -> bytes:
        """A PNG with text chunks, EXIF, ICC and a tail."""
        plain = self.encoded("PNG", exif=exif(gps=GPS), icc_profile=icc_profile())
        texts = [
            (b"tEXt", f"Author\x00{CANARY}-text".encode()),
            (b"zTXt", b"Comment\x00\x00" + zlib.compress(f"{CANARY}-ztxt".encode())),
            (b"iTXt", f"XML:com.adobe.xmp\x00\x00\x00\x00\x00{CANARY}-xmp".encode()),
        ]
        return (
            plain[:33]
            + b"".join(png_chunk(*one) for one in texts)
            + plain[33:]
            + f"{CANARY}-tail".encode()
        )

    def png_bomb(self, side: int = 13_300) -> bytes:
        """A few kilobytes that would become ``side``² pixels."""
        row = b"\x00" + bytes((side + 7) // 8)
        press = zlib.compressobj(9)
        body = b"".join([*(press.compress(row * 100) for _ in range(side // 100)), press.flush()])
        head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
        return (
            PNG_SIGNATURE
            + png_chunk(b"IHDR", head)
            + png_chunk(b"IDAT", body)
            + png_chunk(b"IEND", b"")
        )

    def noise(self, width: int, height: int) -> bytes:
        """A JPEG that does not compress well."""
        out = io.BytesIO()
        Image.effect_noise((width, height), 90).convert("RGB").save(
            out, "JPEG", quality=98, subsampling=0
        )
        return out.getvalue()

    @cache  # noqa: B019 (one object per session)
    def slow_jpeg(self) -> bytes:
        """A progressive JPEG just below the pixel limit: seconds of work, 300 MB of memory."""
        out = io.BytesIO()
        Image.effect_noise((7600, 5200), 90).convert("RGB").save(
            out, "JPEG", quality=90, subsampling=0, progressive=True
        )
        return out.getvalue()

    def animation(self, kind: str) -> bytes:
        """Ten frames; the first is the known picture."""
        out = io.BytesIO()
        frames = [Image.new("RGB", (320, 200), (n * 20, 0, 0)) for n in range(9)]
        quadrants(320, 200).save(
            out, kind, save_all=True, append_images=frames, duration=50, loop=0
        )
        return out.getvalue()


PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def icc_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture(scope="session")
def pictures() -> Pictures:
    """Makes pictures of all kinds."""
    return Pictures()


@pytest.fixture
def descriptor_of() -> Iterator[Callable[[bytes], int]]:
    """Puts bytes behind a descriptor, as the service hands pictures over."""
    opened: list[int] = []

    def keep(content: bytes) -> int:
        descriptor = os.memfd_create("test")
        os.write(descriptor, content)
        opened.append(descriptor)
        return descriptor

    yield keep
    for descriptor in opened:
        os.close(descriptor)
