"""Runs checks and says what came of it."""

from dataclasses import dataclass

import httpx

from . import (  # noqa: F401 (each registers its checks)
    checks_common,
    checks_extensions,
    checks_ours,
    checks_posting,
    checks_reading,
    checks_updates,
)
from .rules import CHECKS, Check, NotHere
from .server import Server


@dataclass(frozen=True, slots=True)
class Finding:
    """``state``: ok, broken or not here; ``why`` is empty for ok."""

    check: Check
    state: str
    why: str = ""


def run(server: Server, checks: list[Check]) -> list[Finding]:
    """Every check once, in the order of their numbers."""
    return [_look(server, check) for check in sorted(checks, key=str)]


def _look(server: Server, check: Check) -> Finding:
    try:
        check.look(server, check.form)
    except AssertionError as broken:
        return Finding(check, "broken", str(broken) or "not as the rule says")
    except NotHere as missing:
        return Finding(check, "not here", str(missing))
    except (KeyError, TypeError, ValueError, AttributeError, httpx.HTTPError) as odd:
        return Finding(check, "broken", f"{type(odd).__name__}: {odd}")
    return Finding(check, "ok")


__all__ = ["CHECKS", "Finding", "run"]
