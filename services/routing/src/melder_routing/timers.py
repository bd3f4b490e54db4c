"""What falls due in routing: kind of timer → use case."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from melder_common.timers import Due, TimerHandler, settle
from melder_common.unit_of_work import UnitsOfWork
from melder_routing.use_cases.end_waiting import end_waiting
from melder_routing.use_cases.erase_case import HELD_TIMER, erase_case
from melder_routing.use_cases.on_case import WAITING_TIMER


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


TIMERS: Mapping[str, TimerHandler[Any]] = {
    WAITING_TIMER: waiting_is_over,
    HELD_TIMER: hold_may_be_over,
}
