"""What citizens asked for and what they were promised: append-only, on disk before anybody goes on.

One JSON object per line. An ``asked`` line is written before the first try, a ``promised`` line
after the first 2xx. A line that a crash has torn is no promise: the answer was never acted upon.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Promise:
    """A report that was accepted under ``number``; ``token`` is the word that only its text has."""

    number: str
    token: str
    email: str
    photos: int


class History:
    """One file of one run; ``promised`` is what the system now owes."""

    def __init__(self, file: Path) -> None:
        self._descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.file = file
        self.asked = 0
        self.promised = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def ask(self, token: str, email: str, photos: int) -> None:
        """Note that somebody begins to report."""
        self._append({"kind": "asked", "token": token, "email": email, "photos": photos})
        self.asked += 1

    def promise(self, promise: Promise) -> None:
        """Note that somebody has read the number of an accepted report."""
        fields = {name: getattr(promise, name) for name in Promise.__slots__}
        self._append({"kind": "promised", **fields})
        self.promised += 1

    def _append(self, line: dict[str, Any]) -> None:
        os.write(self._descriptor, json.dumps(line).encode() + b"\n")
        os.fsync(self._descriptor)


def read_promises(file: Path) -> list[Promise]:
    """Every promise of a history file, in order."""
    return [
        Promise(line["number"], line["token"], line["email"], line["photos"])
        for line in _lines(file)
        if line["kind"] == "promised"
    ]


def read_asked(file: Path) -> set[str]:
    """The tokens of everything that anybody has tried to report."""
    return {line["token"] for line in _lines(file) if line["kind"] == "asked"}


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    for line in file.read_text().splitlines():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue
