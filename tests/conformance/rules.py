"""The register of checks. A check is one rule of GeoReport v2, asked of a server from outside."""

from collections.abc import Callable
from dataclasses import dataclass

from .reading import FORMS
from .server import Server

Look = Callable[[Server, str], None]


class NotHere(Exception):
    """This server has nothing on which the rule could be seen; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Check:
    """``number``: section.rule; 1 every call, 2 methods, 3 extensions, 4 this system's promises."""

    number: str
    title: str
    look: Look
    form: str

    def __str__(self) -> str:
        return f"{self.number} {self.title} ({self.form})"


CHECKS: list[Check] = []


def rule(number: str, title: str, *, forms: tuple[str, ...] = FORMS) -> Callable[[Look], Look]:
    """Registers a check, once per format. It raises AssertionError when the rule is broken."""

    def register(look: Look) -> Look:
        CHECKS.extend(Check(number, title, look, form) for form in forms)
        return look

    return register
