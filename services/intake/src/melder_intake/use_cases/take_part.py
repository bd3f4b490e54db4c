"""What reporters do after sending: open the link, answer, say whether it is fixed, ask again.

Every one locks the report's row first, which keeps its events in the order written.
"""

from datetime import datetime
from uuid import UUID

from melder_common.event_values import PhotoClaim
from melder_common.events import (
    ReportCommented,
    ReportFeedbackGiven,
    ReportReopenRequested,
    ReportTrackingOpened,
)
from melder_common.unit_of_work import UnitOfWork
from melder_intake.store import participation, reports


async def open_tracking(unit: UnitOfWork, report_id: UUID) -> None:
    """Note the first opening of the tracking link: from now on questions reach the reporter."""
    await reports.lock_report(unit.connection, report_id)
    if await participation.note_tracking_opened(unit.connection, report_id, unit.now):
        unit.record(
            ReportTrackingOpened(report_id=report_id), aggregate_id=report_id, report_id=report_id
        )


async def comment_report(
    unit: UnitOfWork,
    report_id: UUID,
    *,
    comment_id: UUID,
    text: str,
    answers: UUID | None,
    source: str = "tracking",
    written_at: datetime | None = None,
    photos: tuple[PhotoClaim, ...] = (),
    api_client: str | None = None,
    by_reporter: bool = True,
) -> bool:
    """Keep a comment or an answer and tell routing; False when this comment is known already."""
    at = written_at or unit.now
    await reports.lock_report(unit.connection, report_id)
    added = await participation.add_comment(
        unit.connection,
        comment_id=comment_id,
        report_id=report_id,
        source=source,
        text=text,
        answers=answers,
        at=at,
    )
    if added:
        unit.record(
            ReportCommented(
                report_id=report_id,
                comment_id=comment_id,
                text=text,
                answers=answers,
                photos=photos,
                api_client=api_client,
                by_reporter=by_reporter,
                written_at=at,
            ),
            aggregate_id=report_id,
            report_id=report_id,
        )
    return added


async def give_feedback(
    unit: UnitOfWork, report_id: UUID, *, fixed: bool, text: str | None
) -> None:
    """Say whether it is really fixed; saying the same again changes nothing."""
    await reports.lock_report(unit.connection, report_id)
    known = await participation.get_participation(unit.connection, report_id)
    if known.fixed is fixed and not text:
        return
    await participation.note_feedback(unit.connection, report_id, fixed=fixed, at=unit.now)
    unit.record(
        ReportFeedbackGiven(report_id=report_id, fixed=fixed, text=text),
        aggregate_id=report_id,
        report_id=report_id,
    )


async def request_reopening(unit: UnitOfWork, report_id: UUID, *, reason: str) -> None:
    """Ask routing to open the case again; routing decides."""
    await reports.lock_report(unit.connection, report_id)
    await participation.count_reopen_request(unit.connection, report_id)
    unit.record(
        ReportReopenRequested(report_id=report_id, reason=reason),
        aggregate_id=report_id,
        report_id=report_id,
    )
