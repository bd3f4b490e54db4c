"""One model of GeoReport v2 documents, written as XML and as JSON ("Spark" mapping).

A document is plain data: dicts, lists, texts, numbers, booleans, None, moments. ``ITEMS`` names the
element of each list in XML; in JSON the outer name disappears and lists stay lists.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, tostring

import orjson
from fastapi import Response

ITEMS: Mapping[str, str] = {
    "attributes": "attribute",
    "endpoints": "endpoint",
    "errors": "error",
    "formats": "format",
    "service_requests": "request",
    "services": "service",
    "values": "value",
}

Scalar = str | int | float | bool | datetime | None
Value = Scalar | Mapping[str, "Value"] | Sequence["Value"]

MEDIA_TYPES = {"xml": "text/xml; charset=utf-8", "json": "application/json; charset=utf-8"}
DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>\n'

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Document:
    """``root``: the outer element in XML."""

    root: str
    content: Value


def write(document: Document, form: str, *, status: int = 200) -> Response:
    """The document as ``xml`` or ``json``."""
    body = as_json(document) if form == "json" else as_xml(document)
    return Response(
        body, status, media_type=MEDIA_TYPES[form], headers={"Cache-Control": "no-store"}
    )


def as_json(document: Document) -> bytes:
    """The content without its root; moments in UTC with ``Z``."""
    return orjson.dumps(document.content, default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME)


def as_xml(document: Document) -> bytes:
    """The whole document, UTF-8, no namespace."""
    root = Element(document.root)
    _fill(root, document.content)
    return DECLARATION + tostring(root, encoding="unicode").encode()


def _fill(element: Element, value: Value) -> None:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _fill(SubElement(element, name), inner)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for inner in value:
            _fill(SubElement(element, ITEMS[element.tag]), inner)
    elif value is not None:
        element.text = _text(value)


def _text(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return moment(value)
    return _NOT_XML.sub("\ufffd", str(value))


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return moment(value)
    raise TypeError(f"{type(value).__name__} cannot be written into an Open311 document")


def moment(value: datetime) -> str:
    """ISO 8601 with seconds and ``Z``."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
