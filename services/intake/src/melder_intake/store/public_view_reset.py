"""The public view begins anew: dropped, and filled with what intake itself knows."""

from sqlalchemy import delete, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_intake.store.public_view import KEPT
from melder_intake.store.tables import (
    public_photo,
    public_report,
    report,
    report_photo,
    timeline_entry,
)


async def reset_view(connection: AsyncConnection) -> None:
    """Drop the view and begin it again from the reports; cases and photos come by snapshots."""
    await connection.execute(delete(public_photo))
    await connection.execute(delete(timeline_entry).where(timeline_entry.c.kind.not_in(KEPT)))
    await connection.execute(delete(public_report))
    await _begin_reports(connection)
    await _begin_photos(connection)


async def _begin_reports(connection: AsyncConnection) -> None:
    """Every report as on the day it came: nothing of it may be shown before routing says so."""
    first = {
        "report_id": report.c.report_id,
        "number": report.c.number,
        "submitted_at": report.c.submitted_at,
        "changed_at": report.c.submitted_at,
        "erased_at": report.c.erased_at,
        "category": report.c.category,
        "state": literal("received"),
        "policy_text": literal("never"),
        "policy_photo": literal("never"),
        "policy_place": literal("never"),
        "lat": report.c.lat,
        "long": report.c.long,
    }
    await connection.execute(
        upsert(public_report).from_select(list(first), select(*first.values()))
    )


async def _begin_photos(connection: AsyncConnection) -> None:
    first = {
        "photo_id": report_photo.c.photo_id,
        "report_id": report_photo.c.report_id,
        "state": literal("received"),
        "changed_at": report.c.submitted_at,
    }
    of_reports = select(*first.values()).join(
        report, report.c.report_id == report_photo.c.report_id
    )
    await connection.execute(
        upsert(public_photo).from_select(list(first), of_reports).on_conflict_do_nothing()
    )
