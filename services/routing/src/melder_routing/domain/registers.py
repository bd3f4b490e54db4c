"""Roads and assets as files have them: every mistake is told before anything is written."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["road", "asset"]
TYPE = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
CLASSES = "ABLKG"
SHOWN = 20
"""How many mistakes of one file are told."""
_YES, _NO = {"true", "1", "ja", "yes", "t", "j"}, {"false", "0", "nein", "no", "f", "n"}


class RegisterRefused(ValueError):
    """A file of roads or assets that cannot be imported; the message lists its mistakes."""


@dataclass(frozen=True, slots=True)
class Record:
    """A feature or a line of a file: ``number`` counts from 1, ``geometry`` is WKT or GeoJSON."""

    number: int
    properties: Mapping[str, Any]
    geometry: str


Row = dict[str, Any]


def require_plain(name: str, value: str) -> None:
    """Raises RegisterRefused unless ``value`` can stand in the name of a state of data."""
    if not TYPE.match(value):
        raise RegisterRefused(f"{name} “{value}”: write small letters, digits and hyphens only")


def read_roads(records: Iterable[Record], bodies: Collection[str]) -> list[Row]:
    """Rows with class, in_town, name, authority and geometry. Raises RegisterRefused."""
    return _rows(records, bodies, _road)


def read_assets(records: Iterable[Record], bodies: Collection[str]) -> list[Row]:
    """Rows with id, type, operator and geometry; every id once. Raises RegisterRefused."""
    rows = _rows(records, bodies, _asset)
    seen: dict[str, int] = {}
    twice = [
        f"{row['number']}: id “{row['id']}” stands at {seen[row['id']]} too; give each its own"
        for row in rows
        if seen.setdefault(row["id"], row["number"]) != row["number"]
    ]
    _refuse(twice)
    return rows


def _rows(
    records: Iterable[Record],
    bodies: Collection[str],
    read: Callable[[Mapping[str, Any], Collection[str]], Iterator[tuple[str, Any]]],
) -> list[Row]:
    rows, mistakes = [], []
    for record in records:
        row: Row = {"number": record.number, "geometry": record.geometry}
        try:
            row.update(read(record.properties, bodies))
        except RegisterRefused as error:
            mistakes.append(f"{record.number}: {error}")
        rows.append(row)
    if not rows:
        raise RegisterRefused("the file is empty; export it again")
    _refuse(mistakes)
    return rows


def _refuse(mistakes: list[str]) -> None:
    if mistakes:
        more = [f"… and {len(mistakes) - SHOWN} more"] if len(mistakes) > SHOWN else []
        raise RegisterRefused("\n".join([*mistakes[:SHOWN], *more]))


def _road(properties: Mapping[str, Any], bodies: Collection[str]) -> Iterator[tuple[str, Any]]:
    road_class = _text(properties, "road_class").upper()
    if len(road_class) != 1 or road_class not in CLASSES:
        raise RegisterRefused(f"road_class “{road_class}” is none of A, B, L, K, G; correct it")
    yield "road_class", road_class
    yield "in_town", _truth(properties, "in_town")
    yield "name", _text(properties, "name") or None
    yield "layer", _text(properties, "layer") or None
    yield "body", _body(properties, "authority", bodies) or None


def _asset(properties: Mapping[str, Any], bodies: Collection[str]) -> Iterator[tuple[str, Any]]:
    number = _text(properties, "id")
    if not number or len(number) > 120:
        raise RegisterRefused("id is missing or longer than 120 characters; give the number on it")
    if not any(character.isalnum() for character in number):
        raise RegisterRefused(f"id “{number}” has no letter and no digit; give the number on it")
    kind = _text(properties, "type")
    if not TYPE.match(kind):
        raise RegisterRefused(f"type “{kind}” is no short word like lamp or bench; correct it")
    operator = _body(properties, "operator", bodies)
    if not operator:
        raise RegisterRefused("operator is missing; name the slug of a body")
    yield from (("id", number), ("type", kind), ("body", operator))


def _text(properties: Mapping[str, Any], name: str) -> str:
    value = properties.get(name)
    return "" if value is None else str(value).strip()


def _truth(properties: Mapping[str, Any], name: str) -> bool:
    said = _text(properties, name).lower()
    if said not in _YES | _NO:
        raise RegisterRefused(f"{name} “{said}” is neither true nor false; correct it")
    return said in _YES


def _body(properties: Mapping[str, Any], name: str, bodies: Collection[str]) -> str:
    slug = _text(properties, name)
    if slug and slug not in bodies:
        raise RegisterRefused(f"{name} “{slug}” is no body; apply the region file that has it")
    return slug
