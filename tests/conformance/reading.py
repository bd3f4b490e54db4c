"""Answers of an Open311 server, read strictly: what a client must not have to forgive, fails here.

XML is read into the same plain data that JSON gives ("Spark" mapping), so that a check is written
once for both formats.
"""

import json
import re
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import httpx
from defusedxml.ElementTree import fromstring

FORMS = ("xml", "json")
MEDIA_TYPES = {"xml": "text/xml; charset=utf-8", "json": "application/json; charset=utf-8"}
ELEMENTS = {
    "services": "service",
    "attributes": "attribute",
    "values": "value",
    "service_requests": "request",
    "service_request_updates": "request_update",
    "endpoints": "endpoint",
    "formats": "format",
    "errors": "error",
    "notes": "note",
    "media_urls": "media_url",
}
"""Containers, which are lists with 0 or 1 element too, and what their elements are called."""

NUMBERS = {"lat", "long", "order"}
BOOLEANS = {"metadata", "required", "variable"}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\Z")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; ``form`` is the format the address asked for."""

    response: httpx.Response
    form: str

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def text(self) -> str:
        """The body as UTF-8, which every answer has to be."""
        try:
            return self.response.content.decode("utf-8")
        except UnicodeDecodeError as broken:
            raise AssertionError(f"the answer is no UTF-8: {broken}") from broken

    def data(self) -> Any:
        """The document of a good answer, without the name of its root."""
        assert self.status == 200, f"{self.status} instead of 200: {self.text[:300]}"
        return self._read()[1]

    def errors(self, status: int) -> list[dict[str, str]]:
        """The errors of a refusal in the shape both formats have."""
        assert self.status == status, f"{self.status} instead of {status}: {self.text[:300]}"
        root, errors = self._read()
        assert root in {"errors", None}, f"<{root}> instead of <errors>"
        assert isinstance(errors, list), f"no list of errors: {self.text[:300]}"
        assert errors, "a refusal without an error"
        for error in errors:
            assert set(error) == {"code", "description"}, f"an error of another shape: {error}"
            assert str(error["code"]) == str(status), f"code {error['code']} under HTTP {status}"
            assert error["description"], "an error without a description"
        return errors

    def told(self, status: int) -> str:
        """What the errors say, in one line."""
        return " ".join(error["description"] for error in self.errors(status))

    def _read(self) -> tuple[str | None, Any]:
        said = self.response.headers.get("content-type", "")
        assert said == MEDIA_TYPES[self.form], f"Content-Type {said!r}"
        return _read_xml(self.text) if self.form == "xml" else (None, _read_json(self.text))


def _read_json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except ValueError as broken:
        raise AssertionError(f"no JSON: {broken}: {text[:200]}") from broken


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _read_xml(text: str) -> tuple[str, Any]:
    declaration = '<?xml version="1.0" encoding="utf-8"?>'
    assert text.startswith(declaration), f"no XML declaration: {text[:60]!r}"
    try:
        root = fromstring(text.encode())
    except ParseError as broken:
        raise AssertionError(f"no XML: {broken}") from broken
    for element in root.iter():
        assert "}" not in element.tag, f"{element.tag} has a namespace"
        assert not element.attrib, f"<{element.tag}> has attributes: {element.attrib}"
    return root.tag, _plain(root)


def _plain(element: Element) -> Any:
    inner = ELEMENTS.get(element.tag)
    if inner is not None:
        foreign = {child.tag for child in element} - {inner}
        assert not foreign, f"<{element.tag}> contains {sorted(foreign)}"
        return [_plain(child) for child in element]
    if len(element):
        tags = [child.tag for child in element]
        assert len(tags) == len(set(tags)), f"<{element.tag}> repeats one of {tags}"
        return {child.tag: _plain(child) for child in element}
    return _scalar(element.tag, element.text or None)


def _scalar(tag: str, text: str | None) -> Any:
    if text is None:
        return None
    if tag in BOOLEANS:
        assert text in {"true", "false"}, f"<{tag}> says {text!r}, neither true nor false"
        return text == "true"
    if tag in NUMBERS:
        return float(text) if tag != "order" else int(text)
    return text
