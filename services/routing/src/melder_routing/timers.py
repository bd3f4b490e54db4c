"""What falls due in routing: kind of timer → use case. Endpoints are called between units."""

import random
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import structlog

from melder_common.crash_points import crash_point
from melder_common.reconcile import Reconciler
from melder_common.timers import Due, TimerHandler, postpone, settle
from melder_common.unit_of_work import UnitOfWork, UnitsOfWork
from melder_routing.domain.outside import Rest
from melder_routing.domain.outside_trouble import EndpointFailed
from melder_routing.parts import Parts
from melder_routing.store.case_links import count_stuck_links
from melder_routing.store.endpoints import list_failing
from melder_routing.store.outside_cases import count_stuck
from melder_routing.use_cases.end_waiting import end_waiting
from melder_routing.use_cases.erase_case import HELD_TIMER, erase_case
from melder_routing.use_cases.hear_outside import (
    Look,
    hear_update,
    note_failed_look,
    note_look,
    prepare_look,
)
from melder_routing.use_cases.issue_link import issue_link
from melder_routing.use_cases.note_outside_outcome import note_outside_outcome
from melder_routing.use_cases.on_case import WAITING_TIMER
from melder_routing.use_cases.prepare_outside import prepare_outside
from melder_routing.use_cases.put_endpoints import LISTEN_TIMER
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


_log = structlog.get_logger("melder.routing.timers")

OUTSIDE_TIMER = "outside_case"
"""Planned by the database itself (migration 0011) whenever something happens to such a case."""


async def outside_case_moves_on(due: Due, parts: Parts, units: UnitsOfWork) -> None:
    """A case with a body reached by Open311 needs a look; the key is the outside case's id."""
    async with units.begin() as unit:
        job = await prepare_outside(unit, UUID(due.key), parts.origin)
        if isinstance(job, Rest):
            await _settle_until(unit, due, job.until)
            return
    outcome = await parts.line.carry_out(job)
    crash_point("after_open311_call")
    async with units.begin() as unit:
        await _settle_until(unit, due, await note_outside_outcome(unit, job, outcome))


LINK_TIMER = "case_link"
"""Planned by the database as well (migration 0015), for cases of bodies reached by e-mail."""


async def case_link_moves_on(due: Due, parts: Parts, units: UnitsOfWork) -> None:
    """A case whose body gets a link needs a look; the key is the link's id."""
    async with units.begin() as unit:
        await _settle_until(unit, due, await issue_link(unit, UUID(due.key), parts.links))


async def endpoint_is_asked(due: Due, parts: Parts, units: UnitsOfWork) -> None:
    """It is time to hear what an endpoint says; the key is its body's slug."""
    async with units.begin() as unit:
        look = await prepare_look(unit, due.key)
        if not isinstance(look, Look):
            await _settle_until(unit, due, look)
            return
    try:
        heard = await parts.line.listen(
            look.endpoint.entry, list(look.known), look.since, look.until
        )
    except EndpointFailed as failed:
        async with units.begin() as unit:
            chance = random.random()  # noqa: S311 (spreads retries)
            await _settle_until(unit, due, await note_failed_look(unit, look, failed, chance))
        return
    for update in heard:
        for found in look.known.get(update.remote_id, ()):
            async with units.begin() as unit:
                await hear_update(unit, found, look.endpoint.name, update)
    async with units.begin() as unit:
        await _settle_until(unit, due, await note_look(unit, look))


async def _settle_until(unit: UnitOfWork, due: Due, until: datetime | None) -> None:
    """Done, or again at ``until``."""
    if until is None:
        await settle(unit, due)
    else:
        await postpone(unit, due, until)


async def find_failing_endpoints(units: UnitsOfWork, _parts: Parts) -> int:
    """Endpoints that fail now, named in the log."""
    async with units.engine.connect() as connection:
        failing = await list_failing(connection)
    if failing:
        _log.warning("open311_endpoints_failing", bodies=failing)
    return len(failing)


async def find_stuck_cases(units: UnitsOfWork, _parts: Parts) -> int:
    """Cases that were to go to an endpoint and did not arrive."""
    async with units.engine.connect() as connection:
        return await count_stuck(connection)


async def find_stuck_links(units: UnitsOfWork, _parts: Parts) -> int:
    """Cases whose mail with the link did not arrive, or that nobody answers."""
    async with units.engine.connect() as connection:
        return await count_stuck_links(connection)


RECONCILERS: Sequence[Reconciler[Parts]] = (
    Reconciler("open311_endpoints_failing", find_failing_endpoints),
    Reconciler("open311_cases_stuck", find_stuck_cases),
    Reconciler("case_links_stuck", find_stuck_links),
)

TIMERS: Mapping[str, TimerHandler[Any]] = {
    WAITING_TIMER: waiting_is_over,
    HELD_TIMER: hold_may_be_over,
    SUCCESSION_TIMER: succession_begins,
    OUTSIDE_TIMER: outside_case_moves_on,
    LINK_TIMER: case_link_moves_on,
    LISTEN_TIMER: endpoint_is_asked,
}
