"""Reading the public view: pages and Open311 get ``PublicReport``, never what is hidden."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.event_values import CaseState
from melder_common.text import mask_personal_data
from melder_intake.domain.publication import KnownReport, PublicReport, publish
from melder_intake.store.public_rows import known_report, list_photos, select_reports
from melder_intake.store.public_view import PHOTO
from melder_intake.store.tables import message, public_report, timeline_entry


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of the public history. ``kind``: routed, status, handover, merged, message."""

    at: datetime
    kind: str
    state: CaseState | None = None
    body_name: str | None = None
    text: str | None = None
    data: dict[str, Any] | None = None


async def find_public_report(connection: AsyncConnection, number: str) -> PublicReport | None:
    """One report by its canonical number."""
    known = await find_known_report(connection, number)
    return publish(known) if known else None


async def find_known_report(connection: AsyncConnection, number: str) -> KnownReport | None:
    """Everything the view remembers, for the reporter's own page."""
    query = select_reports().where(public_report.c.number == number)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    photos = await list_photos(connection, [row.report_id])
    return known_report(row, photos.get(row.report_id, ()))


async def list_timeline(
    connection: AsyncConnection, report: KnownReport | PublicReport
) -> list[TimelineEntry]:
    """The public history, oldest first: the receipt, states, bodies, public messages."""
    found = select(public_report.c.report_id).where(public_report.c.number == report.number)
    rows = await connection.execute(
        select(timeline_entry)
        .where(timeline_entry.c.report_id == found.scalar_subquery())
        .where(timeline_entry.c.kind != PHOTO)
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


@dataclass(frozen=True, slots=True)
class Opened:
    """A report's number, and whether there is a case behind it."""

    number: str
    opened: bool


async def find_opened(connection: AsyncConnection, report_id: UUID) -> Opened | None:
    """How far a report is, None when there is none."""
    view = public_report.c
    found = await connection.execute(
        select(view.number, view.case_id).where(view.report_id == report_id)
    )
    row = found.one_or_none()
    return Opened(row.number, row.case_id is not None) if row else None


async def count_unrouted(connection: AsyncConnection, submitted_before: datetime) -> int:
    """Reports that have no case though they should."""
    found = await connection.execute(
        select(func.count()).where(
            public_report.c.case_id.is_(None), public_report.c.submitted_at < submitted_before
        )
    )
    return int(found.scalar_one())
