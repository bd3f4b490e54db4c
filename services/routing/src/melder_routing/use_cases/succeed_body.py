"""A body goes over into another by law: all its cases, queues and rights pass to the successor."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Row

from melder_common.unit_of_work import UnitOfWork, UnitsOfWork
from melder_routing.domain.decision import Decision
from melder_routing.domain.history import HistoryEntry, HistoryKind
from melder_routing.store.cases import add_histories, case_of, facts_of
from melder_routing.store.successions import (
    find_succession_pair,
    lock_cases_of,
    pass_cases,
    pass_queues_and_rights,
)
from melder_routing.store.usual_days import list_usual_days
from melder_routing.use_cases.decide_places import LOCAL_TIME
from melder_routing.use_cases.settle_decision import routed_again
from melder_routing.use_cases.speak_case_snapshots import speak_snapshots

SUCCESSION_TIMER = "succession"
BATCH = 500


class SuccessionRefused(ValueError):
    """A succession that makes no sense; the message says why and what to do."""


async def succeed_body(units: UnitsOfWork, old: str, new: str, on: date) -> int | None:
    """Let ``new`` take the place of ``old`` from the day ``on``; how many cases passed.

    A day to come is planned for its midnight (German time) and gives None. Numbers, links, states
    and claims stay. Running it again goes on where it stopped. Raises SuccessionRefused.
    """
    async with units.begin() as unit:
        await _check(unit, old, new)
        if on > unit.now.astimezone(LOCAL_TIME).date():
            at = datetime.combine(on, time(), LOCAL_TIME)
            payload = {"heir": new, "on": on.isoformat()}
            await unit.plan(SUCCESSION_TIMER, old, at=at, payload=payload)
            return None
        await pass_queues_and_rights(unit.connection, old, new, on)
    passed, after = 0, None
    while True:
        async with units.begin() as unit:
            rows = await lock_cases_of(unit.connection, old, after, BATCH)
            if not rows:
                return passed
            await _pass(unit, rows, old, new)
            passed, after = passed + len(rows), rows[-1].id


async def _check(unit: UnitOfWork, old: str, new: str) -> None:
    if old == new:
        raise SuccessionRefused(f"{old} cannot succeed itself; name another body")
    there = await find_succession_pair(unit.connection, old, new)
    for slug in (old, new):
        if slug not in there:
            raise SuccessionRefused(f"{slug} is no body; apply the region file that has it first")
    heir = there[old]
    if heir not in {None, new}:
        raise SuccessionRefused(f"{old} was succeeded by {heir} already")
    if there[new] is not None:
        raise SuccessionRefused(f"{new} was itself succeeded by {there[new]}; name that body")


async def _pass(unit: UnitOfWork, rows: Sequence[Row[Any]], old: str, new: str) -> None:
    lines = [
        (
            row.id,
            HistoryEntry(
                HistoryKind.SUCCEEDED,
                body=new,
                version=row.version + 1,
                codes={"from": old, "to": new},
            ),
        )
        for row in rows
    ]
    await add_histories(unit, lines)
    after = await pass_cases(unit.connection, [row.id for row in rows], old, new, unit.now)
    usual = await list_usual_days(unit.connection, {row.category for row in after})
    for row in after:
        if row.closed_at is None:
            decision, facts = Decision.from_json(row.decision), facts_of(row)
            event = routed_again(case_of(row), decision, facts, usual.get(row.category))
            unit.record(event, aggregate_id=row.id, report_id=row.report_id)
    await speak_snapshots(unit, [row for row in after if row.closed_at is not None])
