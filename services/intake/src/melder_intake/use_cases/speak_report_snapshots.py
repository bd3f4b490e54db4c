"""Say every report anew, whole but without its contact, so that others can rebuild their views."""

from typing import Any, Final

from sqlalchemy import Row

from melder_common.event_values import Place
from melder_common.events import ReportSnapshot
from melder_common.snapshots import SnapshotSource
from melder_common.unit_of_work import UnitOfWork
from melder_intake.store import reports


async def speak_report_snapshots(unit: UnitOfWork, after: str | None, limit: int) -> str | None:
    """Record a ReportSnapshot for the next ``limit`` reports; the last id, None at the end.

    Erased reports are passed over: there is nothing left to say of them.
    """
    rows = await reports.lock_next_reports(unit.connection, after, limit)
    for row in rows:
        if row.erased_at is None:
            unit.record(_snapshot(row), aggregate_id=row.report_id, report_id=row.report_id)
    return str(rows[-1].report_id) if rows else None


REPORT_SNAPSHOTS: Final = SnapshotSource("report", speak_report_snapshots)


def _snapshot(row: Row[Any]) -> ReportSnapshot:
    return ReportSnapshot(
        report_id=row.report_id,
        number=row.number,
        source=row.source,
        category=row.category,
        place=Place(
            lat=row.lat,
            long=row.long,
            accuracy_m=row.accuracy_m,
            address=row.address,
            address_id=row.address_id,
            asset_id=row.asset_id,
        ),
        title=row.title,
        description=row.description or "",
        attributes={code: tuple(values) for code, values in row.attributes.items()},
        media_link=row.media_link,
        hazard=row.hazard,
        language=row.language,
        channels=tuple(row.channels),
        submitted_at=row.submitted_at,
        signals=tuple(row.signals),
    )
