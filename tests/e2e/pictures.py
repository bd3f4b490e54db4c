"""Photos as people and attackers send them, made here, so that nothing is downloaded."""

import functools
import io
import struct
import zlib

from PIL import Image
from PIL.TiffImagePlugin import IFDRational

CAMERA = "Kennzeichen-Kamera 3000"
"""The camera's name in the photo's metadata: nobody but the uploader may ever read it."""


def photo_from_a_phone(lat: float, long: float) -> bytes:
    """A JPEG that says where it was taken and by which camera, as phones write it."""
    image = Image.linear_gradient("L").resize((1280, 960)).convert("RGB")
    exif = Image.Exif()
    exif[0x0110] = CAMERA
    gps = exif.get_ifd(0x8825)
    gps.update({1: "N", 2: _degrees(lat), 3: "E", 4: _degrees(long)})
    written = io.BytesIO()
    image.save(written, "JPEG", exif=exif, quality=85)
    return written.getvalue()


def metadata(picture: bytes) -> dict[str, object]:
    """What a picture tells about itself beside its pixels."""
    image = Image.open(io.BytesIO(picture))
    image.load()
    kept = {"exif", "xmp", "icc_profile", "photoshop", "comment", "mp"}
    return {**dict(image.getexif()), **{name: image.info[name] for name in kept & set(image.info)}}


@functools.cache
def pixel_bomb() -> bytes:
    """A PNG of 172 KB that unfolds to 13,300 × 13,300 RGB pixels: half a gigabyte."""
    side = 13_300
    line = b"\x00" + bytes(side * 3)
    squeeze = zlib.compressobj(9)
    packed = b"".join(squeeze.compress(line) for _ in range(side)) + squeeze.flush()
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", packed), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    checked = name + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


def _degrees(value: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    whole = int(value)
    minutes = (value - whole) * 60
    seconds = round((minutes - int(minutes)) * 60 * 1000)
    return (IFDRational(whole), IFDRational(int(minutes)), IFDRational(seconds, 1000))
