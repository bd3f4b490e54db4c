"""Both formats of Open311 come from one model and say the same."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as some

from melder_intake.http.open311.documents import (
    DECLARATION,
    ITEMS,
    Document,
    as_json,
    as_xml,
    json_pieces,
    xml_pieces,
)

XML_TEXT = some.text(
    some.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"),
    min_size=1,
)
SCALARS = some.one_of(
    some.none(),
    some.booleans(),
    some.integers(-(2**53), 2**53),
    some.floats(allow_nan=False, width=32),
    XML_TEXT,
)
FIELDS = some.dictionaries(
    some.from_regex("[a-z]{3,8}", fullmatch=True).filter(lambda name: name not in ITEMS), SCALARS
)
REQUESTS = some.lists(FIELDS, max_size=4)


def read_xml(element: Any, shape: Any) -> Any:
    """The XML element as JSON of the same shape would have it, scalars as text."""
    if isinstance(shape, dict):
        return {child.tag: read_xml(child, shape[child.tag]) for child in element}
    if isinstance(shape, list):
        return [read_xml(child, inner) for child, inner in zip(element, shape, strict=True)]
    return element.text


def as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: as_text(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [as_text(inner) for inner in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


@given(REQUESTS)
def test_both_formats_say_the_same(requests: Any) -> None:
    document = Document("service_requests", requests)
    said = json.loads(as_json(document))
    read = read_xml(fromstring(as_xml(document)), said)
    assert read == as_text(requests)


def test_containers_are_lists_also_with_no_and_one_element() -> None:
    assert as_json(Document("services", [])) == b"[]"
    assert as_xml(Document("services", [])) == DECLARATION + b"<services/>"
    one = Document("services", [{"service_code": "a", "metadata": False, "group": None}])
    assert json.loads(as_json(one)) == [{"service_code": "a", "metadata": False, "group": None}]
    assert as_xml(one).endswith(
        b"<services><service><service_code>a</service_code><metadata>false</metadata>"
        b"<group/></service></services>"
    )


def test_moments_are_utc_with_seconds_and_z() -> None:
    summer = timezone(timedelta(hours=2))
    document = Document("service_requests", [{"at": datetime(2026, 7, 1, 14, 5, 1, 999, summer)}])
    assert json.loads(as_json(document)) == [{"at": "2026-07-01T12:05:01Z"}]
    assert b"<at>2026-07-01T12:05:01Z</at>" in as_xml(document)
    assert datetime(2026, 7, 1, 12, 5, 1, tzinfo=UTC)


def test_characters_that_xml_cannot_carry_are_replaced() -> None:
    assert "a\ufffdb".encode() in as_xml(Document("errors", [{"description": "a\x0bb"}]))


def test_markup_is_escaped() -> None:
    assert b"&lt;script&gt;" in as_xml(Document("errors", [{"description": "<script>"}]))


@given(some.integers(0, 301))
def test_a_list_in_pieces_is_the_same_document(count: int) -> None:
    rows = [{"service_request_id": str(number), "description": "Ö\n<&>"} for number in range(count)]
    document = Document("service_requests", rows)
    assert b"".join(json_pieces(rows)) == as_json(document)
    assert b"".join(xml_pieces("service_requests", rows)) == as_xml(document)


def test_pieces_are_written_one_after_the_other() -> None:
    """Nothing of the second piece is made before the first has left."""
    made = []

    def rows() -> Any:
        for number in range(1000):
            made.append(number)
            yield {"service_request_id": str(number)}

    for pieces in (json_pieces(rows()), xml_pieces("service_requests", rows())):
        made.clear()
        first = next(pieces)
        assert len(made) <= 100
        assert len(first) < 10_000
