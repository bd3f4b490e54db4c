"""How the service and the sandboxed process talk: one JSON task in, one framed answer out."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from melder_media.domain.pictures import (
    CleanFile,
    Encoding,
    Inspection,
    PictureFormat,
    PictureRefused,
    PictureTooHard,
    Refusal,
    Size,
    Suggestion,
)

STARTED = b"S"
"""The first byte of every answer: the picture has met its process, and will not be tried again."""

_LENGTH = 4


@dataclass(frozen=True, slots=True)
class Task:
    """What to do with the picture, and what it may use: bytes, CPU seconds, seconds, pixels."""

    kind: Literal["inspect", "render"]
    max_pixels: int
    memory: int
    cpu_seconds: int
    wall_seconds: float

    def to_bytes(self) -> bytes:
        """One message of the socket."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, message: bytes) -> "Task":
        """The task of a message."""
        return cls(**json.loads(message))


def write_refusal(refused: PictureRefused) -> bytes:
    """The answer for a picture that is refused."""
    return _frame({"refusal": refused.refusal.value}, ())


def write_inspection(found: Inspection) -> bytes:
    """The answer to ``inspect``."""
    facts = {
        "format": found.format.value,
        "width": found.width,
        "height": found.height,
        "suggestion": asdict(found.suggestion) if found.suggestion else None,
    }
    return _frame(facts, found.preview)


def write_rendering(files: tuple[CleanFile, ...]) -> bytes:
    """The answer to ``render``."""
    return _frame({}, files)


def read_inspection(answer: bytes) -> Inspection:
    """Raises PictureRefused or PictureTooHard."""
    facts, files = _unframe(answer)
    suggestion = facts["suggestion"]
    return Inspection(
        PictureFormat(facts["format"]),
        facts["width"],
        facts["height"],
        Suggestion(**suggestion) if suggestion else None,
        tuple(files),
    )


def read_rendering(answer: bytes) -> tuple[CleanFile, ...]:
    """Raises PictureRefused or PictureTooHard."""
    _, files = _unframe(answer)
    return tuple(files)


def _frame(facts: dict[str, Any], files: tuple[CleanFile, ...]) -> bytes:
    parts = [
        {
            "size": file.size.value,
            "encoding": file.encoding.value,
            "width": file.width,
            "height": file.height,
            "bytes": len(file.content),
        }
        for file in files
    ]
    head = json.dumps(facts | {"files": parts}).encode()
    return b"".join((len(head).to_bytes(_LENGTH, "big"), head, *(f.content for f in files)))


def _unframe(answer: bytes) -> tuple[dict[str, Any], Iterator[CleanFile]]:
    body = answer[len(STARTED) + _LENGTH :]
    length = int.from_bytes(answer[len(STARTED) : len(STARTED) + _LENGTH], "big")
    if not length or len(body) < length:
        raise PictureTooHard
    facts = json.loads(body[:length])
    if "refusal" in facts:
        raise PictureRefused(Refusal(facts["refusal"]))
    parts = facts.pop("files")
    if len(body) != length + sum(part["bytes"] for part in parts):
        raise PictureTooHard
    return facts, _files(parts, body, length)


def _files(parts: list[dict[str, Any]], body: bytes, offset: int) -> Iterator[CleanFile]:
    for part in parts:
        content = body[offset : offset + part["bytes"]]
        offset += part["bytes"]
        size, encoding = Size(part["size"]), Encoding(part["encoding"])
        yield CleanFile(size, encoding, part["width"], part["height"], content)
