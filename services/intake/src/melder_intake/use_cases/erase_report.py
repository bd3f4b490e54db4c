"""Erase what is personal in a report, here and, by its event, everywhere else."""

from typing import Literal
from uuid import UUID

from melder_common.events import ReportErased
from melder_common.unit_of_work import UnitOfWork
from melder_intake.store import participation, public_view, reports


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
    await public_view.erase_from_view(unit.connection, report_id, unit.now)
    unit.record(
        ReportErased(report_id=report_id, cause=cause), aggregate_id=report_id, report_id=report_id
    )
    return True
