"""What Open311 endpoints answer, read with suspicion: JSON or XML of any server, or a named error.

Wrong types, missing fields, HTML and broken UTF-8 all end as UnreadableAnswer. Ids may come as
numbers, lists may be wrapped or be a lone object.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import orjson
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

Record = Mapping[str, Any]

LONGEST_ID = 200
EXPECTED = frozenset({"service_request_id", "update_id", "token", "service_notice", "account_id"})
"""One of these stands in every answer to a POST."""


class UnreadableAnswer(ValueError):
    """An answer that is no Open311 document; the message says what came instead."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer to a POST: the id, or a token behind which it will be; both empty (blackbox)."""

    remote_id: str | None
    token: str | None


@dataclass(frozen=True, slots=True)
class RemoteUpdate:
    """One thing the other side said of a case.

    ``stands``: not something that happened, but how the request stands each time it is asked for.
    """

    update_id: str
    remote_id: str
    status: str
    text: str
    at: datetime
    stands: bool = False


def read_records(body: bytes, form: str, item: str) -> list[Record]:
    """The elements of a list; ``item`` is an element's name in XML. Raises UnreadableAnswer."""
    return _json_records(body) if form == "json" else _xml_records(body, item)


def read_taken(body: bytes, form: str, item: str = "request") -> Taken:
    """The answer to a POST. Raises UnreadableAnswer."""
    records = read_records(body, form, item)
    if not records:
        raise UnreadableAnswer("an empty list")
    first = records[0]
    if not EXPECTED & first.keys():
        raise UnreadableAnswer(f"fields {', '.join(sorted(map(str, first)))[:100]}")
    names = ("service_request_id", "update_id")
    remote_id = next((found for name in names if (found := _id(first.get(name)))), None)
    return Taken(remote_id, _id(first.get("token")))


def read_updates(body: bytes, form: str) -> list[RemoteUpdate]:
    """``servicerequestupdates``, oldest first; an update without id or moment is left out.

    Moments are whole seconds: of those in one second the order of the list counts, whichever end
    it begins at, or a case accepted and closed at once would be open again.
    """
    found = []
    for record in read_records(body, form, "request_update"):
        update_id, remote_id = _id(record.get("update_id")), _id(record.get("service_request_id"))
        at = _moment(record.get("updated_datetime"))
        if update_id and remote_id and at:
            text, status = _text(record.get("description")), _text(record.get("status"))
            found.append(RemoteUpdate(update_id, remote_id, status, text, at))
    if found and found[0].at > found[-1].at:
        found.reverse()
    return sorted(found, key=lambda update: update.at)


def read_requests(body: bytes, form: str) -> list[RemoteUpdate]:
    """``requests`` as updates: a status with its notes has one id, whatever its date."""
    found = []
    for record in read_records(body, form, "request"):
        remote_id = _id(record.get("service_request_id"))
        status, notes = _text(record.get("status")), _text(record.get("status_notes"))
        if remote_id and status:
            update_id = sha256(f"{status}:{notes}".encode()).hexdigest()
            at = _moment(record.get("updated_datetime")) or datetime.fromtimestamp(0, UTC)
            found.append(RemoteUpdate(update_id, remote_id, status, notes, at, stands=True))
    return found


def read_attributes(body: bytes, form: str) -> list[Record]:
    """The attributes of a service definition. Raises UnreadableAnswer."""
    if form == "xml":
        return _xml_records(body, "attribute")
    definition = next(iter(_json_records(b"[" + body + b"]")), {})
    attributes = definition.get("attributes")
    return [one for one in attributes or () if isinstance(one, dict)]


def read_error(body: bytes, form: str) -> str:
    """The words of an error document, as far as they can be read; at most 500 characters."""
    try:
        records = read_records(body, form, "error")
    except UnreadableAnswer:
        return ""
    return "; ".join(_text(record.get("description")) for record in records)[:500]


def _json_records(body: bytes) -> list[Record]:
    try:
        plain = orjson.loads(body)
    except ValueError:
        raise UnreadableAnswer(f"no JSON but {_start(body)}") from None
    if isinstance(plain, dict):
        inner = [value for value in plain.values() if isinstance(value, list)]
        plain = inner[0] if len(inner) == 1 and len(plain) == 1 else [plain]
    if not isinstance(plain, list) or not all(isinstance(one, dict) for one in plain):
        raise UnreadableAnswer("JSON that is no list of objects")
    return plain


def _xml_records(body: bytes, item: str) -> list[Record]:
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise UnreadableAnswer(f"no XML but {_start(body)}") from None
    if root.tag.lower() == "html":
        raise UnreadableAnswer("a web page")
    return [{child.tag: _inner(child) for child in element} for element in root.iter(item)]


def _inner(element: Element) -> Any:
    return list(_leaves(element)) if len(element) else element.text


def _leaves(element: Element) -> Iterator[Any]:
    for child in element:
        yield {leaf.tag: leaf.text for leaf in child} if len(child) else child.text


def _start(body: bytes) -> str:
    shown = body[:60].decode("utf-8", "replace").strip()
    return f"“{shown}”" if shown else "nothing"


def _id(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    plain = str(value).strip()
    return plain if plain and len(plain) <= LONGEST_ID and plain.isprintable() else None


def _text(value: Any) -> str:
    return value.replace("\x00", "").strip() if isinstance(value, str) else ""


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value.strip())
        known = at if at.tzinfo else at.replace(tzinfo=UTC)
        known.astimezone(UTC)  # at the ends of time no zone can be told by another
    except (ValueError, OverflowError):
        return None
    return known
