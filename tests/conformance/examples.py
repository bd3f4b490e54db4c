"""The examples of a page of documentation: what to run, and what it shows as the answer."""

import json
import re
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```\n", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Example:
    """``language``: sh or python; ``answer``: format and text of the answer that is shown."""

    language: str
    code: str
    answer: tuple[str, str] | None

    def __str__(self) -> str:
        return self.code.strip().splitlines()[-1][:60]


def read_examples(page: str) -> list[Example]:
    """All that can be run, in the order of the page; ``console`` is for people only."""
    blocks = list(_BLOCK.finditer(page))
    found = []
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        if block[1] in {"sh", "python"}:
            adjacent = following and following.start() == block.end() and following[1] != "sh"
            answer = (following[1], following[2]) if following and adjacent else None
            found.append(Example(block[1], block[2], answer))
    return found


def shape(form: str, text: str) -> Any:
    """What an answer consists of, whatever it says. A list has the shape of its first element."""
    return _shape_of(json.loads(text)) if form == "json" else _shape_of_xml(fromstring(text))


def _shape_of(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shape_of(inner) for name, inner in value.items()}
    return [_shape_of(value[0])] if isinstance(value, list) and value else "…"


def _shape_of_xml(element: Element) -> Any:
    shapes: dict[str, Any] = {}
    for child in element:
        below = _shape_of_xml(child)
        shapes[child.tag] = shapes.get(child.tag, {}) | below
    return shapes
