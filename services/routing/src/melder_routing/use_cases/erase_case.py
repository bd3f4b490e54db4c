"""The reporter's texts go when their time is over; the case stays as statistics."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from melder_common.envelope import Heard
from melder_common.events import ReportErased
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.history import HistoryEntry, HistoryKind
from melder_routing.store.case_contents import erase_contents, has_legal_hold
from melder_routing.store.cases import add_history, lock_case_of_report, set_case_facts

HELD_TIMER = "erase_after_hold"
LOOK_AGAIN = timedelta(days=1)


async def erase_cases(
    unit: UnitOfWork, heard: Sequence[Heard[ReportErased]], _parts: object
) -> None:
    """Erase what belongs to each report. Raises CaseNotFound."""
    for one in heard:
        await erase_case(unit, one.event.report_id, cause=one.event.cause)


async def erase_case(unit: UnitOfWork, report_id: UUID, *, cause: str) -> None:
    """Take away texts, address and reporter's messages; a legal hold defers it day by day."""
    case = await lock_case_of_report(unit.connection, report_id)
    if await has_legal_hold(unit.connection, case.case_id):
        payload = {"cause": cause}
        await unit.plan(HELD_TIMER, str(report_id), at=unit.now + LOOK_AGAIN, payload=payload)
        return
    await erase_contents(unit.connection, case.case_id, unit.now)
    await set_case_facts(
        unit.connection,
        case.case_id,
        address=None,
        channels=[],
        contact_confirmed=False,
        contact_erased_at=unit.now,
        text_to_review=False,
        photos_to_review=0,
        erased_at=unit.now,
    )
    await add_history(unit, case.case_id, HistoryEntry(HistoryKind.ERASED, codes={"cause": cause}))
