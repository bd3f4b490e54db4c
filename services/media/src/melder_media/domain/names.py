"""Under which names a photo's pieces are kept; a name is also what its seal is bound to."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from melder_media.domain.pictures import CleanFile, Encoding, Size


def original_name(photo_id: UUID) -> str:
    """The original, in its bucket and in the spool."""
    return str(photo_id)


def rendition_name(photo_id: UUID, version: str, size: Size, encoding: Encoding) -> str:
    """One rendition; another version never takes the place of this one."""
    return f"{photo_id}/{version}/{size.value}.{encoding.value}"


def rendition_prefix(photo_id: UUID) -> str:
    """What the names of all renditions of a photo begin with."""
    return f"{photo_id}/"


def preview_name(photo_id: UUID, encoding: Encoding) -> str:
    """The thumbnail of before the renditions."""
    return f"{photo_id}/preview.{encoding.value}"


def rendition_version(files: Iterable[CleanFile]) -> str:
    """16 hexadecimal characters over what is in the files: equal pictures, equal version."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(hashlib.sha256(file.content).digest())
    return digest.hexdigest()[:16]


def first_name_since(moment: datetime) -> str:
    """What sorts before the names of all photos that got their id since ``moment``.

    Ids are UUIDv7 (RFC 9562): they begin with the milliseconds of their time.
    """
    return str(UUID(int=int(moment.timestamp() * 1000) << 80))
