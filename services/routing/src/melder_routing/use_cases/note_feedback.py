"""The reporter says whether it is really fixed."""

from collections.abc import Sequence

from melder_common.envelope import Heard
from melder_common.events import ReportFeedbackGiven
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case_changes import heard as heard_from_reporter
from melder_routing.domain.history import HistoryEntry, HistoryKind
from melder_routing.store.case_contents import add_message
from melder_routing.store.cases import add_history, lock_case_of_report, save_case


async def note_feedback(
    unit: UnitOfWork, heard: Sequence[Heard[ReportFeedbackGiven]], _parts: object
) -> None:
    """Keep the answer; a "no" or a text is shown to the clerks. Raises CaseNotFound."""
    for one in heard:
        await _note(unit, one)


async def _note(unit: UnitOfWork, one: Heard[ReportFeedbackGiven]) -> None:
    said = one.event
    before = await lock_case_of_report(unit.connection, said.report_id)
    await add_message(
        unit.connection,
        message_id=one.event_id,
        case_id=before.case_id,
        at=one.occurred_at,
        kind="feedback",
        text=said.text,
    )
    after = before
    if said.text or not said.fixed:
        after = heard_from_reporter(before)
        await save_case(unit, before, after)
    line = HistoryEntry(
        HistoryKind.FEEDBACK,
        version=after.version,
        refers_to=one.event_id,
        codes={"fixed": "yes" if said.fixed else "no"},
    )
    await add_history(unit, after.case_id, line)
