"""What falls due in routing: kind of timer → use case."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from melder_common.timers import Due, TimerHandler, settle
from melder_common.unit_of_work import UnitsOfWork
from melder_routing.use_cases.end_waiting import end_waiting
from melder_routing.use_cases.erase_case import HELD_TIMER, erase_case
from melder_routing.use_cases.on_case import WAITING_TIMER
from melder_routing.use_cases.succeed_body import SUCCESSION_TIMER, succeed_body


async def waiting_is_over(due: Due, _parts: object, units: UnitsOfWork) -> None:
    """The term of a question has passed; the key is the case's id."""
    async with units.begin() as unit:
        await settle(unit, due)
        await end_waiting(unit, UUID(due.key))


async def hold_may_be_over(due: Due, _parts: object, units: UnitsOfWork) -> None:
    """An erasure that a legal hold deferred; the key is the report's id."""
    async with units.begin() as unit:
        await settle(unit, due)
        await erase_case(unit, UUID(due.key), cause=due.payload["cause"])


async def succession_begins(due: Due, _parts: object, units: UnitsOfWork) -> None:
    """The day of a planned succession has come; the key is the old body's slug."""
    heir, on = str(due.payload["heir"]), date.fromisoformat(str(due.payload["on"]))
    await succeed_body(units, due.key, heir, on)
    async with units.begin() as unit:
        await settle(unit, due)


TIMERS: Mapping[str, TimerHandler[Any]] = {
    WAITING_TIMER: waiting_is_over,
    HELD_TIMER: hold_may_be_over,
    SUCCESSION_TIMER: succession_begins,
}
