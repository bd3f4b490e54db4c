"""Reading the public view: pages and Open311 get ``PublicReport``, never what is hidden."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, Table, and_, func, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.event_values import BodyRef, CaseState, PublicationPolicy, Rendition
from melder_common.text import mask_personal_data
from melder_intake.domain.publication import KnownPhoto, KnownReport, PublicReport, publish
from melder_intake.store.tables import message, public_photo, public_report, timeline_entry

_primary: Table = public_report.alias("primary")  # type: ignore[assignment]  # an alias selects like its table


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list asks for; None and empty mean everything.

    ``words`` are looked for in released texts only. ``after``: the number of the last report of
    the page before.
    """

    numbers: tuple[str, ...] = ()
    states: tuple[CaseState, ...] = ()
    categories: tuple[str, ...] = ()
    body: str | None = None
    words: str | None = None
    submitted_from: datetime | None = None
    submitted_until: datetime | None = None
    changed_from: datetime | None = None
    changed_until: datetime | None = None
    after: str | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of the public history. ``kind``: routed, status, handover, merged, message."""

    at: datetime
    kind: str
    state: CaseState | None = None
    body_name: str | None = None
    text: str | None = None
    data: dict[str, Any] | None = None


async def list_public_reports(
    connection: AsyncConnection, wanted: Wanted, *, limit: int
) -> list[PublicReport]:
    """The newest reports first."""
    rows = (await connection.execute(_list_query(wanted).limit(limit))).all()
    photos = await _photos_of(connection, [row.report_id for row in rows])
    return [publish(_known(row, photos.get(row.report_id, ()))) for row in rows]


async def find_public_report(connection: AsyncConnection, number: str) -> PublicReport | None:
    """One report by its canonical number."""
    known = await find_known_report(connection, number)
    return publish(known) if known else None


async def find_known_report(connection: AsyncConnection, number: str) -> KnownReport | None:
    """Everything the view remembers, for the reporter's own page."""
    query = _joined().where(public_report.c.number == number)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    photos = await _photos_of(connection, [row.report_id])
    return _known(row, photos.get(row.report_id, ()))


async def list_timeline(
    connection: AsyncConnection, report: KnownReport | PublicReport
) -> list[TimelineEntry]:
    """The public history, oldest first: the receipt, states, bodies, public messages."""
    found = select(public_report.c.report_id).where(public_report.c.number == report.number)
    rows = await connection.execute(
        select(timeline_entry)
        .where(timeline_entry.c.report_id == found.scalar_subquery())
        .order_by(timeline_entry.c.at, timeline_entry.c.entry_id)
    )
    entries = [
        TimelineEntry(
            row.at,
            row.kind,
            CaseState(row.state) if row.state else None,
            row.body_name,
            row.text,
            row.data,
        )
        for row in rows
    ]
    said = await connection.execute(
        select(message)
        .where(message.c.report_id == found.scalar_subquery(), message.c.public)
        .order_by(message.c.posted_at)
    )
    entries += [
        TimelineEntry(row.posted_at, "message", None, row.body_name, mask_personal_data(row.text))
        for row in said
    ]
    received = TimelineEntry(report.submitted_at, "status", CaseState.RECEIVED)
    return [received, *sorted(entries, key=lambda entry: entry.at)]


async def latest_words(connection: AsyncConnection, numbers: Sequence[str]) -> dict[str, str]:
    """The newest public word of the body for each report number (status_notes of Open311)."""
    if not numbers:
        return {}
    rows = await connection.execute(
        select(public_report.c.number, timeline_entry.c.text)
        .ext(distinct_on(public_report.c.number))
        .join(timeline_entry, timeline_entry.c.report_id == public_report.c.report_id)
        .where(public_report.c.number.in_(numbers), timeline_entry.c.text.is_not(None))
        .order_by(public_report.c.number, timeline_entry.c.at.desc())
    )
    return {row.number: row.text for row in rows}


async def count_unrouted(connection: AsyncConnection, submitted_before: datetime) -> int:
    """Reports that have no case though they should."""
    found = await connection.execute(
        select(func.count()).where(
            public_report.c.case_id.is_(None), public_report.c.submitted_at < submitted_before
        )
    )
    return int(found.scalar_one())


def _joined() -> Select[Any]:
    return select(public_report, _primary.c.number.label("primary_number")).outerjoin(
        _primary, _primary.c.report_id == public_report.c.duplicate_of
    )


def _list_query(wanted: Wanted) -> Select[Any]:
    view = public_report.c
    query = _joined().order_by(view.submitted_at.desc(), view.report_id.desc())
    if wanted.numbers:
        return query.where(view.number.in_(wanted.numbers))
    conditions = [
        view.state.in_(wanted.states) if wanted.states else None,
        view.category.in_(wanted.categories) if wanted.categories else None,
        view.bodies.contains([wanted.body]) if wanted.body else None,
        _has_words(wanted.words) if wanted.words else None,
        view.submitted_at >= wanted.submitted_from if wanted.submitted_from else None,
        view.submitted_at <= wanted.submitted_until if wanted.submitted_until else None,
        view.changed_at >= wanted.changed_from if wanted.changed_from else None,
        view.changed_at <= wanted.changed_until if wanted.changed_until else None,
    ]
    query = query.where(*(condition for condition in conditions if condition is not None))
    if wanted.after:
        last = select(_primary.c.submitted_at, _primary.c.report_id).where(
            _primary.c.number == wanted.after
        )
        query = query.where(tuple_(view.submitted_at, view.report_id) < last.scalar_subquery())
    return query.offset(wanted.offset) if wanted.offset else query


def _has_words(words: str) -> Any:
    view = public_report.c
    return and_(
        view.words.op("@@")(func.websearch_to_tsquery("german", words)), view.policy_text != "never"
    )


async def _photos_of(
    connection: AsyncConnection, report_ids: Iterable[UUID]
) -> dict[UUID, tuple[KnownPhoto, ...]]:
    wanted = list(report_ids)
    if not wanted:
        return {}
    rows = await connection.execute(
        select(public_photo)
        .where(public_photo.c.report_id.in_(wanted))
        .order_by(public_photo.c.photo_id)
    )
    found: dict[UUID, tuple[KnownPhoto, ...]] = {}
    for row in rows:
        renditions = tuple(Rendition.model_validate(one) for one in row.renditions)
        photo = KnownPhoto(row.photo_id, row.state, renditions, row.reason)
        found[row.report_id] = (*found.get(row.report_id, ()), photo)
    return found


def _known(row: Row[Any], photos: tuple[KnownPhoto, ...]) -> KnownReport:
    return KnownReport(
        report_id=row.report_id,
        number=row.number,
        submitted_at=row.submitted_at,
        changed_at=row.changed_at,
        category=row.category,
        state=CaseState(row.state),
        policy=PublicationPolicy(
            text=row.policy_text, photo=row.policy_photo, place=row.policy_place
        ),
        lat=row.lat,
        long=row.long,
        address=row.address,
        text=row.text,
        municipality=row.municipality,
        decision=row.decision,
        responsible=_body(row.responsible_slug, row.responsible_name),
        working=_body(row.working_slug, row.working_name),
        asked=_body(row.asked_slug, row.asked_name),
        border=row.border,
        border_distance_m=row.border_distance_m,
        reason=row.reason,
        usual_days=row.usual_days,
        reviewed_at=row.reviewed_at,
        closed_at=row.closed_at,
        erased_at=row.erased_at,
        duplicate_of=row.primary_number,
        photos=photos,
    )


def _body(slug: str | None, name: str | None) -> BodyRef | None:
    return BodyRef(slug=slug, name=name) if slug and name else None
