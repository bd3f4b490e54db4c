"""What other services say about the reporter's side: reachable, supported, forgotten."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from melder_common.envelope import Heard
from melder_common.events import (
    ContactConfirmed,
    ContactErased,
    ReportSupported,
    ReportTrackingOpened,
)
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.history import HistoryEntry, HistoryKind
from melder_routing.store.cases import add_history, lock_case_of_report, set_case_facts


async def note_tracking_opened(
    unit: UnitOfWork, heard: Sequence[Heard[ReportTrackingOpened]], _parts: object
) -> None:
    """The status page was opened, so a question can stand there. Raises CaseNotFound."""
    for one in heard:
        facts = {"tracking_opened_at": one.occurred_at}
        await _note(unit, one.event.report_id, HistoryKind.TRACKING_OPENED, facts)


async def note_contacts_confirmed(
    unit: UnitOfWork, heard: Sequence[Heard[ContactConfirmed]], _parts: object
) -> None:
    """A question can be asked by mail now. Raises CaseNotFound."""
    for one in heard:
        facts = {"contact_confirmed": True}
        await _note(unit, one.event.report_id, HistoryKind.CONTACT_CONFIRMED, facts)


async def note_contacts_erased(
    unit: UnitOfWork, heard: Sequence[Heard[ContactErased]], _parts: object
) -> None:
    """Nobody can be asked by mail any more. Raises CaseNotFound."""
    for one in heard:
        facts = {"contact_erased_at": one.occurred_at, "contact_confirmed": False, "channels": []}
        await _note(unit, one.event.report_id, HistoryKind.CONTACT_ERASED, facts)


async def note_support(
    unit: UnitOfWork, heard: Sequence[Heard[ReportSupported]], _parts: object
) -> None:
    """Others have seen it too. Raises CaseNotFound."""
    for one in heard:
        count = one.event.supporters
        codes = {"supporters": str(count)}
        facts = {"supporters": count}
        await _note(unit, one.event.report_id, HistoryKind.SUPPORTED, facts, codes)


async def _note(
    unit: UnitOfWork,
    report_id: UUID,
    kind: HistoryKind,
    facts: dict[str, Any],
    codes: dict[str, str] | None = None,
) -> None:
    case = await lock_case_of_report(unit.connection, report_id)
    await set_case_facts(unit.connection, case.case_id, **facts)
    await add_history(unit, case.case_id, HistoryEntry(kind, codes=codes or {}))
