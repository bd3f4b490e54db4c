"""Answers to category questions: every spelling of clients, every way to be wrong."""

from typing import Any

import pytest

from melder_common.event_values import Choice, Question
from melder_intake.domain.answers import check_answers, gather_answers

CHOICES = (Choice(key="a", name={"de": "A"}), Choice(key="b", name={"de": "B"}))


def question(datatype: Any = "string", **changes: Any) -> Any:
    choices = CHOICES if datatype.endswith("list") else ()
    facts = {"code": "Q", "datatype": datatype, "text": {"de": "?"}, "choices": choices}
    return Question(**{**facts, **changes})


@pytest.mark.parametrize(
    ("pairs", "gathered"),
    [
        ([("attribute[Q]", "1")], {"Q": ("1",)}),
        ([("attribute[Q][]", "1"), ("attribute[Q][]", "2")], {"Q": ("1", "2")}),
        ([("attribute[Q]", "1"), ("attribute[Q]", "2")], {"Q": ("1", "2")}),
        ([("attribute[Q][0]", "1"), ("attribute[Q][1]", "2")], {"Q": ("1", "2")}),
        ([("attribute[Q]", " ")], {}),
        ([("attribute", "1"), ("attribute[]", "1"), ("attribute[Q", "1")], {}),
        ([("attribute[Q];drop", "1")], {}),
    ],
)
def test_spellings(pairs: Any, gathered: Any) -> None:
    assert gather_answers(pairs) == gathered


@pytest.mark.parametrize(
    ("datatype", "values", "kept"),
    [
        ("string", ("Mast 7",), ("Mast 7",)),
        ("text", ("eins\nzwei",), ("eins\nzwei",)),
        ("number", ("1,5",), ("1.5",)),
        ("datetime", ("2026-11-23T14:00",), ("2026-11-23T14:00",)),
        ("singlevaluelist", ("a",), ("a",)),
        ("multivaluelist", ("b", "a", "b"), ("b", "a")),
    ],
)
def test_good_answers_are_kept(datatype: Any, values: Any, kept: Any) -> None:
    answers, faults = check_answers([question(datatype)], {"Q": values})
    assert answers == {"Q": kept}
    assert not faults


@pytest.mark.parametrize(
    ("datatype", "values", "code"),
    [
        ("string", ("eins\nzwei",), "text_line_break"),
        ("string", ("a\x00b",), "text_control"),
        ("string", ("x" * 201,), "text_too_long"),
        ("string", ("1", "2"), "answer_one_only"),
        ("number", ("viele",), "answer_not_a_number"),
        ("number", ("NaN",), "answer_not_a_number"),
        ("datetime", ("gestern",), "answer_not_a_moment"),
        ("singlevaluelist", ("c",), "answer_unknown_choice"),
        ("singlevaluelist", ("a", "b"), "answer_one_only"),
        ("multivaluelist", ("a", "c"), "answer_unknown_choice"),
    ],
)
def test_bad_answers_are_named(datatype: Any, values: Any, code: Any) -> None:
    answers, faults = check_answers([question(datatype)], {"Q": values})
    assert not answers
    assert [(fault.field, fault.code) for fault in faults] == [("attribute[Q]", code)]


def test_a_required_question_wants_an_answer() -> None:
    _, faults = check_answers([question(required=True)], {})
    assert [fault.code for fault in faults] == ["answer_missing"]


def test_what_nobody_asked_is_dropped() -> None:
    informing = question(variable=False, required=True)
    assert check_answers([informing], {"Q": ("x",), "OTHER": ("y",)}) == ({}, [])
