"""Erase what is personal in a report, here and, by its event, everywhere else."""

from typing import Any, Literal
from uuid import UUID

from melder_common.erasures import Erasure, note_erasures
from melder_common.events import ReportErased
from melder_common.unit_of_work import UnitOfWork
from melder_intake.store import participation, photo_spool, public_view, received_updates, reports

REPORT = "report"


async def erase_report(
    unit: UnitOfWork, report_id: UUID, *, cause: Literal["retention", "request", "operator"]
) -> bool:
    """Clear texts, place and photos; number, category and state stay as statistics.

    False when there is nothing left to erase.
    """
    await reports.lock_report(unit.connection, report_id)
    if not await reports.erase_submission(unit.connection, report_id, unit.now):
        return False
    await participation.erase_words(unit.connection, report_id)
    await received_updates.forget_contents(unit.connection, report_id)
    await photo_spool.forget_of_report(unit.connection, report_id)
    await public_view.erase_from_view(unit.connection, report_id, unit.now)
    await note_erasures(unit, REPORT, [report_id])
    unit.record(
        ReportErased(report_id=report_id, cause=cause), aggregate_id=report_id, report_id=report_id
    )
    return True


async def erase_again(unit: UnitOfWork, noted: list[Erasure], _parts: Any) -> None:
    """Erase reports that a restored backup has brought back."""
    for erasure in noted:
        if erasure.kind == REPORT:
            await erase_report(unit, erasure.id, cause="operator")
