"""One model of GeoReport v2 documents, written as XML and as JSON ("Spark" mapping).

A document is plain data: dicts, lists, texts, numbers, booleans, None, moments. ``ITEMS`` names the
element of each list in XML; in JSON the outer name disappears and lists stay lists.
"""

import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from xml.sax.saxutils import escape

import orjson
from fastapi import Response
from fastapi.responses import StreamingResponse

ITEMS: Mapping[str, str] = {
    "attributes": "attribute",
    "endpoints": "endpoint",
    "errors": "error",
    "formats": "format",
    "media_urls": "media_url",
    "notes": "note",
    "service_request_updates": "request_update",
    "service_requests": "request",
    "services": "service",
    "values": "value",
}

Scalar = str | int | float | bool | datetime | None
Value = Scalar | Mapping[str, "Value"] | Sequence["Value"]

MEDIA_TYPES = {"xml": "text/xml; charset=utf-8", "json": "application/json; charset=utf-8"}
DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>\n'
HEADERS = {"Cache-Control": "no-store"}
ROWS_AT_ONCE = 100

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Document:
    """``root``: the outer element in XML."""

    root: str
    content: Value


def write(document: Document, form: str, *, status: int = 200) -> Response:
    """The document as ``xml`` or ``json``."""
    body = as_json(document) if form == "json" else as_xml(document)
    return Response(body, status, media_type=MEDIA_TYPES[form], headers=HEADERS)


def write_rows(root: str, rows: Iterable[Value], form: str) -> Response:
    """A long list, written while it is sent: no more than ``ROWS_AT_ONCE`` rows exist as text.

    ``rows`` must not raise: the status has left by then.
    """
    pieces = json_pieces(rows) if form == "json" else xml_pieces(root, rows)
    return StreamingResponse(_slowly(pieces), media_type=MEDIA_TYPES[form], headers=HEADERS)


def as_json(document: Document) -> bytes:
    """The content without its root; moments in UTC with ``Z``."""
    return _json(document.content)


def as_xml(document: Document) -> bytes:
    """The whole document, UTF-8, no namespace."""
    out: list[str] = []
    _element(out.append, document.root, document.content)
    return DECLARATION + "".join(out).encode()


def json_pieces(rows: Iterable[Value]) -> Iterator[bytes]:
    """A list in pieces, together what ``as_json`` writes."""
    before = b"["
    for group in _groups(rows):
        yield before + _json(group)[1:-1]
        before = b","
    yield b"[]" if before == b"[" else b"]"


def xml_pieces(root: str, rows: Iterable[Value]) -> Iterator[bytes]:
    """A list in pieces, together what ``as_xml`` writes."""
    before = DECLARATION + f"<{root}>".encode()
    begun = False
    for group in _groups(rows):
        out: list[str] = []
        for row in group:
            _element(out.append, ITEMS[root], row)
        yield (b"" if begun else before) + "".join(out).encode()
        begun = True
    yield f"</{root}>".encode() if begun else DECLARATION + f"<{root}/>".encode()


async def _slowly(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Between two pieces other requests have their turn."""
    for piece in pieces:
        yield piece


def _groups(rows: Iterable[Value]) -> Iterator[list[Value]]:
    left = iter(rows)
    while group := list(islice(left, ROWS_AT_ONCE)):
        yield group


def _json(value: Value) -> bytes:
    return orjson.dumps(value, default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME)


def _element(put: Callable[[str], None], name: str, value: Value) -> None:
    inner = None if isinstance(value, str) else _children(name, value)
    if inner is None:
        text = _text(value)  # type: ignore[arg-type]  # what has no children is a scalar
        put(f"<{name}>{text}</{name}>" if text else f"<{name}/>")
        return
    if not value:
        put(f"<{name}/>")
        return
    put(f"<{name}>")
    for child, content in inner:
        _element(put, child, content)
    put(f"</{name}>")


def _children(name: str, value: Value) -> Iterable[tuple[str, Value]] | None:
    if isinstance(value, Mapping):
        return value.items()
    if isinstance(value, list | tuple):
        return ((ITEMS[name], one) for one in value)
    return None


def _text(value: Scalar) -> str:
    if isinstance(value, str):
        return escape(_NOT_XML.sub("\ufffd", value))
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return moment(value) if isinstance(value, datetime) else str(value)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return moment(value)
    raise TypeError(f"{type(value).__name__} cannot be written into an Open311 document")


def moment(value: datetime) -> str:
    """ISO 8601 with seconds and ``Z``."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
