"""Writes a sample payload for each event that has none: ``python tests/contract/write_missing_samples.py``.

Existing samples are never rewritten: they stand for what was published in the past.
"""

import types
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

import orjson
from pydantic import BaseModel

from melder_common.events import CATALOGUE

SAMPLES = Path(__file__).parent / "samples"

WORDS: Mapping[str, Any] = {
    "accuracy_m": 12.5,
    "action": "photo.view",
    "address": "Lange Straße 12, 18055 Rostock",
    "address_id": "DEMVAL0123456789",
    "aliases": "Hanse- und Universitätsstadt Rostock",
    "api_client": "rostock-app",
    "ars": "130030000000",
    "asset_id": "L-4711",
    "attributes": "L-4711",
    "bbox": (11.5, 53.6, 12.8, 54.3),
    "boundary_version": "2026-01-01",
    "box": "c2VhbGVk",
    "category": "road-pothole",
    "cause": "retention",
    "code": "lamp_number",
    "contact_text": "Amt für Mobilität, Holbeinplatz 14",
    "description": "Tiefes Schlagloch – Höhe Hausnummer 12 😬",
    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "ask_contact": "Landkreis Rostock, Am Wall 3-5, Telefon 03843 755-0",
    "emergency": "Bei Gefahr für Leib und Leben: 112",
    "group": "Straßen und Wege",
    "height": 0.25,
    "hint": "Sie steht auf dem Schild am Mast.",
    "jurisdiction_id": "melder-rostock.example",
    "key": "one_lamp",
    "key_id": "2026-11",
    "keywords": "Schlagloch",
    "kind": "receipt",
    "language": "de",
    "lat": 54.08871,
    "long": 12.14049,
    "media_link": "photo.jpg",
    "message": "Wir haben das Loch am Montag verfüllt.",
    "municipality": "Rostock",
    "name": "Rostock",
    "number": "K7M4Q2XS",
    "parent": "landkreis-rostock",
    "reason": "Für Straßen in Rostock ist die Stadt zuständig.",
    "region": "rostock",
    "signals": "filled_in_seconds",
    "slug": "rostock",
    "text": "Wir kümmern uns darum.",
    "title": "Schlagloch in der Langen Straße",
    "upload_token": "6Zb0Qv3nHk1sYxT8rWcJ5mPd",
    "width": 0.25,
    "x": 0.5,
    "y": 0.5,
}
"""Believable values by field name; everything else follows from its type."""


def sample(kind: Any, name: str, count: int = 1) -> Any:
    """A value of type ``kind`` for the field ``name``; ``count`` makes ids differ."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        value = arguments[0]
    elif origin in {Annotated, Union, types.UnionType}:
        value = sample(arguments[0], name, count)
    elif origin is dict:
        value = {"de": sample(arguments[1], name, count)}
    elif origin is tuple:
        value = WORDS[name] if name == "bbox" else several(arguments, name, count)
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        value = payload(kind)
    else:
        value = plain(kind, name, count)
    return value


def several(kinds: tuple[Any, ...], name: str, count: int) -> list[Any]:
    """The members of a tuple: one, where there may be any number."""
    members = kinds[:1] if kinds[-1] is Ellipsis else kinds
    return [sample(kind, name, count + place) for place, kind in enumerate(members)]


def plain(kind: Any, name: str, count: int) -> Any:
    """A value that is not made of others."""
    if isinstance(kind, type) and issubclass(kind, Enum):
        return list(kind)[min(1, len(list(kind)) - 1)]
    if kind is UUID:
        return UUID(f"01a20000-0000-7000-8000-{sum(name.encode()) * 1000 + count:012d}")
    if kind is datetime:
        return datetime(2026, 11, 3, 9, 26, 53, tzinfo=UTC)
    if kind is int and name in {"width", "height"}:
        return 640
    if name in WORDS and (kind is str) == isinstance(WORDS[name], str):
        return WORDS[name]
    return {bool: True, int: 7, float: 12.5, str: f"{name.replace('_', ' ')} ü"}[kind]


def payload(kind: type[BaseModel]) -> dict[str, Any]:
    """All fields of ``kind``, the optional ones too."""
    return {
        name: sample(field.rebuild_annotation(), name) for name, field in kind.model_fields.items()
    }


def write_missing() -> list[str]:
    """The names of the events whose samples were written."""
    written = []
    for name, event in CATALOGUE.items():
        path = SAMPLES / f"{name}.json"
        if not path.exists():
            data = event.model_validate(payload(event)).model_dump(mode="json", exclude_none=True)
            path.write_bytes(orjson.dumps(data, option=orjson.OPT_INDENT_2) + b"\n")
            written.append(name)
    return written


if __name__ == "__main__":
    write_missing()
