"""Which decoder a file is meant for, by its first bytes and never by its name."""

from melder_media.domain.pictures import PictureFormat

HEAD_BYTES = 64
"""How much of a file ``sniff`` wants to see."""

_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})


def sniff(head: bytes) -> PictureFormat | None:
    """The allowed format whose signature ``head`` carries, or None.

    HEIF (ISO/IEC 23008-12) names its brands in the ``ftyp`` box: major brand, version, compatible.
    """
    if head.startswith(b"\xff\xd8\xff"):
        return PictureFormat.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PictureFormat.PNG
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return PictureFormat.WEBP
    if head[4:8] == b"ftyp":
        return _heif_kind(head)
    return None


def _heif_kind(head: bytes) -> PictureFormat | None:
    box = head[: max(16, int.from_bytes(head[:4], "big"))]
    brands = {box[8:12]} | {box[i : i + 4] for i in range(16, len(box) - 3, 4)}
    if brands & _AVIF_BRANDS:
        return PictureFormat.AVIF
    if brands & _HEIF_BRANDS:
        return PictureFormat.HEIC
    return None
