"""Checks for what no cursor can see: every few minutes each counts what should not be there."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar

import structlog

from melder_common.failures import name_failure
from melder_common.timers import count_overdue
from melder_common.unit_of_work import UnitsOfWork

Parts = TypeVar("Parts")

LONG_OVERDUE = timedelta(minutes=10)

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Reconciler(Generic[Parts]):
    """A named check. ``count`` says how many findings there are; it may repair some on the way.

    It opens its own units and calls S3 or HTTP only between them.
    """

    name: str
    count: Callable[[UnitsOfWork, Parts], Awaitable[int]]


async def find_timers_long_overdue(units: UnitsOfWork, _parts: Any) -> int:
    """Timers that nobody carried out for ten minutes."""
    return await count_overdue(units.engine, units.tables, now=units.clock(), grace=LONG_OVERDUE)


BUILT_IN: Sequence[Reconciler[Any]] = (Reconciler("timers_long_overdue", find_timers_long_overdue),)


async def reconcile(
    units: UnitsOfWork, parts: Parts, checks: Sequence[Reconciler[Parts]]
) -> dict[str, int]:
    """Run all checks; the findings by name. A check that fails is logged and left out."""
    findings: dict[str, int] = {}
    for check in checks:
        try:
            findings[check.name] = await check.count(units, parts)
        except Exception as error:  # noqa: BLE001 (one failing check must not hide the others)
            _log.warning("reconcile_failed", check=check.name, reason=name_failure(error))
            continue
        if findings[check.name]:
            _log.warning("reconcile_found", check=check.name, count=findings[check.name])
    return findings
