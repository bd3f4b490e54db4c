"""The queue list of the desk: hazard first, then what is due first; keyset paging, no offset."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    func,
    literal,
    or_,
    select,
    tuple_,
    union,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.event_values import CLOSED_STATES, CaseState
from melder_routing.domain.clerk import Scope
from melder_routing.store.case_tables import border_case, case, case_text
from melder_routing.store.region_tables import body, category, queue
from melder_routing.store.visible_cases import visible_border_cases, visible_cases

PAGE = 30
MOST = 1000
"""Counting stops here: a badge says "999+" and stays fast."""

_OPEN = case.c.closed_at.is_(None)
_TO_REVIEW = or_(case.c.text_to_review, case.c.photos_to_review > 0, case.c.unread > 0)


@dataclass(frozen=True, slots=True)
class Position:
    """Where the next page begins: the last row's hazard flag, moment and id."""

    hazard: bool
    at: datetime
    case_id: UUID


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list shall show; empty values do not narrow. ``view``: all, mine, review, late."""

    view: str = "all"
    queue: str = ""
    state: str = ""
    category: str = ""
    body: str = ""
    border: bool = False
    after: Position | None = None

    @property
    def closed(self) -> bool:
        """Whether closed cases are asked for; they come newest first."""
        return self.state == "closed" or self.state in CLOSED_STATES


async def list_cases(
    connection: AsyncConnection, scope: Scope, wanted: Wanted, now: datetime
) -> Sequence[Row[Any]]:
    """One page and one row more if there is a next page.

    Each queue and body is read on its own, in the order of its index, and the few first rows of
    all are merged: one sorted read over several queues would have to look at every open case.
    """
    responsible, working = body.alias("responsible_body"), body.alias("working_body")
    ways = [
        _ordered(_narrowed(visible_cases(scope, case.c.id).where(way), scope, wanted, now), wanted)
        for way in _ways(scope, wanted)
    ]
    if not ways:
        return []
    first = union(*(select(way.limit(PAGE + 1).subquery()) for way in ways)).subquery()
    chosen = (
        visible_cases(
            scope,
            case,
            func.left(case_text.c.description, 220).label("text"),
            responsible.c.name.label("responsible_name"),
            working.c.name.label("working_name"),
        )
        .join(first, first.c.id == case.c.id)
        .outerjoin(case_text, case_text.c.case_id == case.c.id)
        .outerjoin(responsible, responsible.c.slug == case.c.responsible)
        .join(working, working.c.slug == case.c.working)
    )
    ordered = _ordered(chosen, replace(wanted, after=None))
    return list(await connection.execute(ordered.limit(PAGE + 1)))


def _ways(scope: Scope, wanted: Wanted) -> list[ColumnElement[bool]]:
    """The parts of a scope that an index can follow; one of them when a queue was asked for."""
    if wanted.queue:
        return [case.c.queue == wanted.queue]
    return [
        *(case.c.queue == slug for slug in sorted(scope.queues)),
        *(case.c.responsible == slug for slug in sorted(scope.bodies)),
        *(case.c.working == slug for slug in sorted(scope.bodies)),
    ]


def _narrowed(chosen: Select[Any], scope: Scope, wanted: Wanted, now: datetime) -> Select[Any]:
    chosen = chosen.where(~_OPEN if wanted.closed else _OPEN)
    if wanted.state in set(CaseState):
        chosen = chosen.where(case.c.state == wanted.state)
    for column, value in (
        (case.c.queue, wanted.queue),
        (case.c.category, wanted.category),
        (case.c.responsible, wanted.body),
    ):
        if value:
            chosen = chosen.where(column == value)
    if wanted.border:
        chosen = chosen.where(case.c.border)
    if wanted.view == "mine":
        chosen = chosen.where(case.c.assignee == scope.clerk_id)
    if wanted.view == "review":
        chosen = chosen.where(_TO_REVIEW)
    if wanted.view == "late":
        chosen = chosen.where(case.c.due_at < now)
    return chosen


def _ordered(chosen: Select[Any], wanted: Wanted) -> Select[Any]:
    """Hazard first, then what is due first; closed cases newest first. Begins after the key."""
    after, hazard = wanted.after, case.c.hazard
    at = case.c.closed_at if wanted.closed else case.c.due_at
    row = tuple_(at, case.c.id)
    key = tuple_(literal(after.at), literal(after.case_id)) if after else None
    if wanted.closed:
        chosen = chosen.where(row < key) if after else chosen
        return chosen.order_by(at.desc(), case.c.id.desc())
    if after and after.hazard:
        chosen = chosen.where(or_(~hazard, and_(hazard, row > key)))
    elif after:
        chosen = chosen.where(~hazard, row > key)
    return chosen.order_by(hazard.desc(), at, case.c.id)


async def count_open(
    connection: AsyncConnection, scope: Scope, wanted: Sequence[Wanted], now: datetime
) -> list[int]:
    """How many open cases each of ``wanted`` has, counted up to MOST, in one statement."""
    found = [_narrowed(visible_cases(scope, case.c.id), scope, one, now) for one in wanted]
    counts = [select(func.count()).select_from(one.limit(MOST).subquery()) for one in found]
    columns = [count.scalar_subquery().label(f"count_{n}") for n, count in enumerate(counts)]
    row = (await connection.execute(select(*columns))).one()
    return [int(count) for count in row]


async def list_border_cases(connection: AsyncConnection, scope: Scope) -> Sequence[Row[Any]]:
    """The neighbours' open border cases: place, category, state, hazard; hazard first."""
    working = body.alias("working_body")
    chosen = (
        visible_border_cases(scope)
        .add_columns(working.c.name.label("working_name"))
        .join(working, working.c.slug == border_case.c.working)
        .order_by(border_case.c.hazard.desc(), border_case.c.submitted_at.desc())
    )
    return list(await connection.execute(chosen.limit(PAGE * 4)))


@dataclass(frozen=True, slots=True)
class BorderCase:
    """A neighbour's border case as a taker needs it; ``taker``: his body, empty if he may not."""

    working: str
    taker: str
    category: str
    lat: float
    long: float
    routed_at: datetime
    state: str


async def find_border_case(
    connection: AsyncConnection, scope: Scope, case_id: UUID
) -> BorderCase | None:
    """One of the neighbours' open border cases; none if it is not among the clerk's."""
    chosen = visible_border_cases(scope).where(border_case.c.id == case_id)
    row = (await connection.execute(chosen)).first()
    if row is None:
        return None
    taker = taker_of(row.candidates, scope)
    place = (row.lat, row.long)
    return BorderCase(row.working, taker, row.category, *place, row.routed_at, row.state)


def taker_of(candidates: Sequence[str], scope: Scope) -> str:
    """For which of his bodies the clerk could take a case over: the nearest to the place."""
    return next((slug for slug in candidates if slug in scope.taking_bodies), "")


async def list_queue_names(connection: AsyncConnection, scope: Scope) -> list[tuple[str, str]]:
    """(slug, name) of the clerk's queues by name."""
    chosen = select(queue.c.slug, queue.c.name).where(queue.c.slug.in_(sorted(scope.queues)))
    return [(row.slug, row.name) for row in await connection.execute(chosen.order_by(queue.c.name))]


async def list_categories(
    connection: AsyncConnection, *, present: bool = False
) -> list[tuple[str, list[tuple[str, str]]]]:
    """The catalogue: (group, [(slug, name), …]) in German, in its own order.

    ``present``: without categories that were removed; for filters these still count.
    """
    columns = (category.c.slug, category.c.name, category.c.group_name)
    groups: dict[str, list[tuple[str, str]]] = {}
    chosen = select(*columns).order_by(category.c.position)
    if present:
        chosen = chosen.where(category.c.removed_at.is_(None))
    for row in await connection.execute(chosen):
        groups.setdefault(row.group_name.get("de", ""), []).append((row.slug, row.name["de"]))
    return list(groups.items())


async def list_bodies(connection: AsyncConnection, scope: Scope) -> list[tuple[str, str]]:
    """(slug, name) of the bodies the clerk works for, for the filter."""
    chosen = select(body.c.slug, body.c.place_name).where(
        body.c.slug.in_(sorted(scope.border_bodies))
    )
    rows = await connection.execute(chosen.order_by(body.c.place_name))
    return [(row.slug, row.place_name) for row in rows]
