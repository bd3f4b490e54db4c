"""Plays written transcripts of a client: what it sends, and what it must find in the answer."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import httpx
import yaml
from defusedxml.ElementTree import fromstring

from .reading import MEDIA_TYPES

PAUSE_S = 2


@dataclass(frozen=True, slots=True)
class Step:
    """One request and what its answer must be; see the head of the transcripts."""

    ask: str
    answer: int
    form: list[dict[str, str]] = field(default_factory=list)
    parts: list[dict[str, str]] = field(default_factory=list)
    times: int = 1
    find: dict[str, str] = field(default_factory=dict)
    none: list[str] = field(default_factory=list)
    count: dict[str, int] = field(default_factory=dict)
    keep: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Transcript:
    """The steps that show one rule."""

    rule: str
    steps: list[Step]

    def __str__(self) -> str:
        return self.rule


def read_transcripts(file: Path) -> list[Transcript]:
    """All transcripts of a file."""
    written = yaml.safe_load(file.read_text())
    return [Transcript(one["rule"], [Step(**step) for step in one["steps"]]) for one in written]


def play(
    transcript: Transcript,
    http: httpx.Client,
    values: Mapping[str, str],
    photo: bytes,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Every step in order. Raises AssertionError where the client would be disappointed."""
    known = dict(values)
    for step in transcript.steps:
        for attempt in range(step.times):
            document = _ask(step, http, known, photo)
            if _has(step, known, document) or attempt + 1 == step.times:
                break
            pause(PAUSE_S)
        _judge(step, known, document)
        known |= {name: document.findtext(path) or "" for name, path in step.keep.items()}


def _ask(step: Step, http: httpx.Client, known: Mapping[str, str], photo: bytes) -> Element:
    method, _, address = step.ask.format_map(known).partition(" ")
    answer = http.request(method, address, **_body(step, known, photo))
    said = f"{step.ask}: {answer.status_code}\n{answer.text[:600]}"
    if step.times == 1:
        assert answer.status_code == step.answer, said
    assert answer.headers["content-type"] == MEDIA_TYPES["xml"], said
    return fromstring(answer.content)


def _body(step: Step, known: Mapping[str, str], photo: bytes) -> dict[str, Any]:
    if step.parts:
        named = [(name, text) for part in step.parts for name, text in part.items()]
        return {"files": [(name, _part(text, known, photo)) for name, text in named]}
    if not step.form:
        return {}
    fields = [(name, text.format_map(known)) for one in step.form for name, text in one.items()]
    return {
        "content": str(httpx.QueryParams(fields)),
        "headers": {"Content-Type": "application/x-www-form-urlencoded"},
    }


def _part(text: str, known: Mapping[str, str], photo: bytes) -> tuple[Any, ...]:
    if text == "@photo":
        return ("foto.jpeg", photo, "image/jpeg")
    return (None, text.format_map(known))


def _has(step: Step, known: Mapping[str, str], document: Element) -> bool:
    return all(
        re.fullmatch(_pattern(pattern, known), document.findtext(path) or "", re.DOTALL)
        for path, pattern in step.find.items()
    )


def _pattern(pattern: str, known: Mapping[str, str]) -> str:
    for name, value in known.items():
        pattern = pattern.replace(f"{{{name}}}", re.escape(value))
    return pattern


def _judge(step: Step, known: Mapping[str, str], document: Element) -> None:
    for path, pattern in step.find.items():
        text = document.findtext(path)
        assert text is not None, f"{step.ask}: no {path}"
        assert re.fullmatch(_pattern(pattern, known), text, re.DOTALL), f"{path} says {text!r}"
    for path in step.none:
        assert not document.findtext(path), f"{step.ask}: {path} says {document.findtext(path)!r}"
    for path, number in step.count.items():
        assert len(document.findall(path)) == number, f"{step.ask}: not {number} times {path}"
