"""Log lines are JSON and name nobody, whoever writes them."""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import IntegrityError

from melder_common.logging import configure_logging, describe_error, scrub_text

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, write_through=True))
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    configure_logging("probe")
    yield lambda: [json.loads(line) for line in raw.getvalue().splitlines()]
    root.handlers[:], _ = before
    root.setLevel(before[1])
    structlog.reset_defaults()


class Person(BaseModel):
    age: int


def test_a_line_says_who_when_and_what(lines: Lines) -> None:
    structlog.get_logger("x").info("case routed", number="K7M4Q2X8", position=7)
    (line,) = lines()
    assert line["event"] == "case routed"
    assert (line["service"], line["level"], line["number"], line["position"]) == (
        "probe", "info", "K7M4Q2X8", 7,
    )  # fmt: skip
    assert line["at"].endswith("+00:00")


def test_personal_keys_are_never_written(lines: Lines) -> None:
    structlog.get_logger("x").info(
        "sent", email="erika@muster.example", name="Erika", lat=54.1, payload={"a": "Erika"},
        detail={"phone": "0381 1234567", "kind": "receipt"}, event_id=UUID(int=7),
    )  # fmt: skip
    (line,) = lines()
    assert "rika" not in json.dumps(line)
    assert "54.1" not in json.dumps(line)
    assert line["detail"] == {"phone": "[removed]", "kind": "receipt"}
    assert line["event_id"] == str(UUID(int=7))


def test_names_of_events_are_no_persons(lines: Lines) -> None:
    structlog.get_logger("x").error("dead_letter", name="report.submitted.v1")
    structlog.get_logger("x").error("dead_letter", name="erika.muster")
    structlog.get_logger("x").error("odd", subject="intake.3.report.submitted.v1")
    assert [line.get("name") for line in lines()] == ["report.submitted.v1", "[removed]", None]
    assert lines()[2]["subject"] == "intake.3.report.submitted.v1"


def test_the_standard_library_writes_the_same_lines(lines: Lines) -> None:
    logging.getLogger("uvicorn.error").warning("bad %s from %s", "request", "203.0.113.9:7")
    logging.getLogger("somebody").info("GET /me/unsubscribe/x?key=abc HTTP/1.1")
    first, second = lines()
    assert (first["level"], first["logger"]) == ("warning", "uvicorn.error")
    assert "203.0.113.9" not in first["event"]
    assert "abc" not in second["event"]


def test_exceptions_are_told_by_type_and_place(lines: Lines) -> None:
    try:
        try:
            Person.model_validate({"age": "erika@muster.example"})
        except ValidationError as error:
            raise RuntimeError("for erika@muster.example") from error
    except RuntimeError:
        structlog.get_logger("x").exception("failed")
        logging.getLogger("y").exception("failed too")
    for line in lines():
        assert "erika" not in json.dumps(line)
        assert line["error"].startswith("RuntimeError: for […] < ValidationError age: int_parsing")
        assert line["traceback"][-1].endswith("test_exceptions_are_told_by_type_and_place")


def test_database_errors_keep_their_values_to_themselves() -> None:
    class UniqueViolation(Exception):
        sqlstate = "23505"

    error = IntegrityError("INSERT", {"email": "x"}, UniqueViolation("Key (email)=(erika)"))
    assert describe_error(error) == "IntegrityError 23505"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("/m/K7M4Q2X8/3q2-8zXkPq_0aLs1bTt9Cc4Vv5Nn6Mm7", "/m/K7M4Q2X8/[removed]"),
        ("report 0192f7a1-0000-7000-8000-0123456789ab done",) * 2,
        ("from ::1, 2001:db8::7 and 10.0.0.7", "from [removed], [removed] and [removed]"),
        ("at 08:30:12 std::vector 12:34",) * 2,
        ("routing_decision_taken_for_one_more_report",) * 2,
        ("mail an a@b.example", "mail an […]"),
    ],
)
def test_scrubbing_text(text: str, kept: str) -> None:
    assert scrub_text(text) == kept


@given(st.text(max_size=2000))
def test_any_text_can_be_scrubbed_and_is_short(text: str) -> None:
    assert len(scrub_text(text)) <= 1000
