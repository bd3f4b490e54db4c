"""Lists of public reports: what may be asked for, and the query behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, func, literal_column, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.event_values import CLOSED_STATES, CaseState
from melder_common.geo import Coordinate, metric, point
from melder_intake.domain.publication import KnownReport, PublicReport, publish
from melder_intake.store.public_policy import photo_is_shown, place_is_shown, text_is_shown
from melder_intake.store.public_rows import (
    among,
    known_report,
    list_photos,
    primary,
    select_reports,
)
from melder_intake.store.tables import public_report, report, timeline_entry

Order = Literal["newest", "oldest", "changed_last", "changed_first"]

_view = public_report.c
_updated_at = func.coalesce(_view.closed_at, _view.changed_at)
"""As ``PublicReport.updated_at``."""
_spot = func.ST_SetSRID(func.ST_MakePoint(_view.long, _view.lat), literal_column("4326"))
_is_open = _view.state.not_in(
    bindparam("closed_states", sorted(CLOSED_STATES), expanding=True, literal_execute=True)
)
"""Written out, so that the index on open reports can be used."""
_ORDERS: dict[Order, tuple[ColumnElement[Any], ColumnElement[Any]]] = {
    "newest": (_view.submitted_at.desc(), _view.report_id.desc()),
    "oldest": (_view.submitted_at.asc(), _view.report_id.asc()),
    "changed_last": (_updated_at.desc(), _view.report_id.desc()),
    "changed_first": (_updated_at.asc(), _view.report_id.asc()),
}

_PLAN_FOR_VALUES = select(
    func.set_config("plan_cache_mode", "force_custom_plan", literal_column("true")),
    func.set_config("max_parallel_workers_per_gather", "0", literal_column("true")),
)
"""For this transaction: a street and a Land, a rare and a common word want different plans, and
starting parallel workers takes longer than a page."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list asks for; None and empty mean everything.

    ``body`` ever had the report, one of ``responsible`` has it now. ``updated_…`` is the moment
    that ``PublicReport.updated_at`` shows. ``words``, ``box`` (south-west, north-east), ``near``
    (metres around a place), ``asset`` (type, number) and ``with_photo`` find only what is public.
    ``after``: the number of the last report of the page before; ``offset`` of the newest.
    """

    numbers: tuple[str, ...] = ()
    states: tuple[CaseState, ...] = ()
    closed: bool | None = None
    categories: tuple[str, ...] = ()
    body: str | None = None
    responsible: tuple[str, ...] | None = None
    words: str | None = None
    submitted_from: datetime | None = None
    submitted_until: datetime | None = None
    updated_from: datetime | None = None
    updated_until: datetime | None = None
    box: tuple[Coordinate, Coordinate] | None = None
    near: tuple[Coordinate, float] | None = None
    asset: tuple[str, str] | None = None
    with_photo: bool = False
    order: Order = "newest"
    after: str | None = None
    offset: int = 0


async def list_public_reports(
    connection: AsyncConnection, wanted: Wanted, *, limit: int
) -> list[PublicReport]:
    """The reports in the order wanted, as everybody may see them."""
    return [publish(known) for known in await list_known_reports(connection, wanted, limit=limit)]


async def list_known_reports(
    connection: AsyncConnection, wanted: Wanted, *, limit: int
) -> list[KnownReport]:
    """The same before the policy, with released photos only: for who publishes them next."""
    await connection.execute(_PLAN_FOR_VALUES)
    rows = (await connection.execute(_page(wanted, limit))).all()
    photos = await list_photos(connection, [row.report_id for row in rows], only_released=True)
    return [known_report(row, photos.get(row.report_id, ())) for row in rows]


async def latest_words(connection: AsyncConnection, report_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The newest public word of the body on each report."""
    rows = await connection.execute(
        select(timeline_entry.c.report_id, timeline_entry.c.text)
        .ext(distinct_on(timeline_entry.c.report_id))
        .where(among(timeline_entry.c.report_id, report_ids), timeline_entry.c.text.is_not(None))
        .order_by(timeline_entry.c.report_id, timeline_entry.c.at.desc())
    )
    return {row.report_id: row.text for row in rows}


def _page(wanted: Wanted, limit: int) -> Select[Any]:
    """The ids of the page first: like those of the pages before they lie in indexes; then its rows.

    In one step the planner takes the joins for so dear that it starts parallel workers.
    """
    order = _ORDERS[wanted.order]
    ids = _wanted_of(select(_view.report_id), wanted).order_by(*order)
    found = ids.offset(wanted.offset or None).limit(limit).subquery("page")
    return select_reports().join(found, found.c.report_id == _view.report_id).order_by(*order)


def _wanted_of(query: Select[Any], wanted: Wanted) -> Select[Any]:
    if wanted.numbers:
        return query.where(_view.number.in_(wanted.numbers))
    for condition in (*_facts(wanted), *_moments(wanted), *_hidden_facts(wanted)):
        query = query.where(condition)
    return query


def _facts(wanted: Wanted) -> list[ColumnElement[bool]]:
    """Conditions on what is always public."""
    asked = [
        _view.state.in_(wanted.states) if wanted.states else None,
        None if wanted.closed is None else ~_is_open if wanted.closed else _is_open,
        _view.category.in_(wanted.categories) if wanted.categories else None,
        _view.bodies.contains([wanted.body]) if wanted.body else None,
        None if wanted.responsible is None else _view.responsible_slug.in_(wanted.responsible),
    ]
    return [condition for condition in asked if condition is not None]


def _moments(wanted: Wanted) -> list[ColumnElement[bool]]:
    asked = [
        _view.submitted_at >= wanted.submitted_from if wanted.submitted_from else None,
        _view.submitted_at <= wanted.submitted_until if wanted.submitted_until else None,
        _updated_at >= wanted.updated_from if wanted.updated_from else None,
        _updated_at <= wanted.updated_until if wanted.updated_until else None,
        _comes_after(wanted.after) if wanted.after else None,
    ]
    return [condition for condition in asked if condition is not None]


def _hidden_facts(wanted: Wanted) -> list[ColumnElement[bool]]:
    """Conditions on what the policy may hide, each together with the policy."""
    asked: list[ColumnElement[bool]] = []
    if wanted.words:
        query = func.websearch_to_tsquery("german", wanted.words)
        asked += [_view.words.op("@@")(query), text_is_shown()]
    if wanted.with_photo:
        asked += [photo_is_shown()]
    if wanted.box:
        asked += [_lies_in(*wanted.box), place_is_shown()]
    if wanted.near:
        asked += [*_lies_near(*wanted.near), place_is_shown()]
    if wanted.asset:
        asked += [_is_about(*wanted.asset), place_is_shown()]
    return asked


def _comes_after(number: str) -> ColumnElement[bool]:
    last = select(primary.c.submitted_at, primary.c.report_id).where(primary.c.number == number)
    return tuple_(_view.submitted_at, _view.report_id) < last.scalar_subquery()


def _lies_in(south_west: Coordinate, north_east: Coordinate) -> ColumnElement[bool]:
    corners = (south_west.long, south_west.lat, north_east.long, north_east.lat)
    return _spot.op("&&")(func.ST_MakeEnvelope(*corners, literal_column("4326")))


def _lies_near(place: Coordinate, metres: float) -> tuple[ColumnElement[bool], ...]:
    """The box finds by the index, the distance decides."""
    around = func.ST_Envelope(
        func.ST_Transform(func.ST_Buffer(metric(point(place)), metres), literal_column("4326"))
    )
    return _spot.op("&&")(around), func.ST_DWithin(metric(_spot), metric(point(place)), metres)


def _is_about(kind: str, number: str) -> ColumnElement[bool]:
    about = select(report.c.report_id).where(
        report.c.asset_id == number, report.c.asset_type == kind
    )
    return _view.report_id.in_(about)
