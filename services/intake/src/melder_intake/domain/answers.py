"""Answers to a category's questions: the attributes of Open311 GeoReport v2."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from melder_common.event_values import Question
from melder_common.text import TextRefused, clean_text
from melder_intake.domain.catalogue import in_language
from melder_intake.domain.submission import Fault

_ATTRIBUTE = re.compile(r"attribute\[(?P<code>[A-Za-z0-9_-]{1,80})\](?:\[[A-Za-z0-9_-]*\])?")
_LENGTHS = {"string": 200, "text": 4000}
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,10})?")

Answers = dict[str, tuple[str, ...]]


def attribute_code(field: str) -> str | None:
    """The question's code in ``attribute[CODE]``, also with ``[]`` or ``[0]`` behind it."""
    found = _ATTRIBUTE.fullmatch(field)
    return found["code"] if found else None


def gather_answers(pairs: Iterable[tuple[str, str]]) -> Answers:
    """All attribute fields of a form, whichever way they are spelled; empty ones are left out."""
    gathered: dict[str, list[str]] = {}
    for field, value in pairs:
        code = attribute_code(field)
        if code is not None and value.strip():
            gathered.setdefault(code, []).append(value.strip())
    return {code: tuple(values) for code, values in gathered.items()}


def check_answers(
    questions: Iterable[Question], answers: Mapping[str, tuple[str, ...]]
) -> tuple[Answers, list[Fault]]:
    """The answers worth keeping, and what is wrong. Answers nobody asked for are dropped."""
    kept: Answers = {}
    faults: list[Fault] = []
    for question in questions:
        if not question.variable:
            continue
        values = answers.get(question.code, ())
        field = f"attribute[{question.code}]"
        about = {"code": question.code, "question": in_language(question.text)}
        if not values:
            if question.required:
                faults.append(Fault(field, "answer_missing", about))
            continue
        try:
            kept[question.code] = _checked(question, values)
        except _AnswerRefused as refused:
            faults.append(Fault(field, refused.code, about | refused.details))
    return kept, faults


class _AnswerRefused(ValueError):
    def __init__(self, code: str, **details: str) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


def _checked(question: Question, values: tuple[str, ...]) -> tuple[str, ...]:
    if question.datatype == "multivaluelist":
        unique = tuple(dict.fromkeys(values))
        return tuple(_choice(question, value) for value in unique)
    if len(values) > 1:
        raise _AnswerRefused("answer_one_only")
    value = values[0]
    match question.datatype:
        case "singlevaluelist":
            return (_choice(question, value),)
        case "number":
            return (_number(value),)
        case "datetime":
            return (_moment(value),)
        case _:
            return (_text(question, value),)


def _choice(question: Question, value: str) -> str:
    keys = [choice.key for choice in question.choices]
    if value not in keys:
        raise _AnswerRefused("answer_unknown_choice", choices=", ".join(keys)[:300])
    return value


def _number(value: str) -> str:
    if not _NUMBER.fullmatch(value):
        raise _AnswerRefused("answer_not_a_number")
    return value.replace(",", ".")


def _moment(value: str) -> str:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        raise _AnswerRefused("answer_not_a_moment") from None
    return value


def _text(question: Question, value: str) -> str:
    limit = _LENGTHS.get(question.datatype, 200)
    try:
        return clean_text(value, max_length=limit, multiline=question.datatype == "text")
    except TextRefused as refused:
        raise _AnswerRefused(refused.code, max=str(limit)) from None
