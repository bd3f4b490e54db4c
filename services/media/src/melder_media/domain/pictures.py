"""Pictures as the sanitiser sees them: formats, sizes, reasons to refuse, what it gives back."""

from dataclasses import dataclass
from enum import StrEnum


class PictureFormat(StrEnum):
    """What may be uploaded; everything else is refused, whatever its name says."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    HEIC = "heic"
    AVIF = "avif"


class Size(StrEnum):
    """The sizes a photo is shown in."""

    THUMBNAIL = "thumbnail"
    LIST = "list"
    FULL = "full"


LONG_SIDE = {Size.THUMBNAIL: 240, Size.LIST: 800, Size.FULL: 1600}
"""Pixels of the longer side at most; smaller pictures are never enlarged."""


class Encoding(StrEnum):
    """How a size is encoded; the value is the file name's end in its address."""

    WEBP = "webp"
    JPEG = "jpg"


MEDIA_TYPES = {Encoding.WEBP: "image/webp", Encoding.JPEG: "image/jpeg"}


class Refusal(StrEnum):
    """Why a photo cannot be used; travels as ``reason`` in PhotoRejected."""

    EMPTY = "empty"
    NOT_AN_IMAGE = "not_an_image"
    TOO_LARGE = "too_large"
    TOO_MANY_PIXELS = "too_many_pixels"
    UNREADABLE = "unreadable"
    UNKNOWN_PHOTO = "unknown_photo"
    NEVER_ARRIVED = "never_arrived"


class PictureRefused(Exception):
    """The file is no picture that we accept."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


class PictureTooHard(Exception):
    """The process died over the picture: a limit was hit, or a decoder fell."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Where (WGS 84 degrees) and when the camera says the photo was taken.

    It goes back to the uploader and is kept nowhere. ``taken_at`` is ISO 8601, with an offset only
    if the camera noted one.
    """

    lat: float | None
    long: float | None
    taken_at: str | None


@dataclass(frozen=True, slots=True)
class CleanFile:
    """One re-encoded picture: nothing of the original's bytes is in it. Pixels."""

    size: Size
    encoding: Encoding
    width: int
    height: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a first look found: it is a picture, this large (pixels), and this is its thumbnail."""

    format: PictureFormat
    width: int
    height: int
    suggestion: Suggestion | None
    preview: tuple[CleanFile, ...]
