"""The reporter wrote, or somebody by a program: keep it, and show it to the clerks.

Only the reporter's answer lets a waiting case go on.
"""

from collections.abc import Sequence

from melder_common.envelope import Heard
from melder_common.event_values import CaseState
from melder_common.events import ReportCommented
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case import Case
from melder_routing.domain.case_changes import heard as heard_from_reporter
from melder_routing.domain.case_changes import resume
from melder_routing.domain.history import HistoryEntry, HistoryKind
from melder_routing.domain.states import Actor
from melder_routing.store.case_contents import add_message, add_photos
from melder_routing.store.cases import add_history, lock_case_of_report, save_case
from melder_routing.use_cases.on_case import keep_state


async def note_comments(
    unit: UnitOfWork, heard: Sequence[Heard[ReportCommented]], _parts: object
) -> None:
    """Keep each comment with its photos. Raises CaseNotFound for a report without a case."""
    for one in heard:
        await _note(unit, one.event)


async def _note(unit: UnitOfWork, said: ReportCommented) -> None:
    before = await lock_case_of_report(unit.connection, said.report_id)
    await add_message(
        unit.connection,
        message_id=said.comment_id,
        case_id=before.case_id,
        at=said.written_at,
        kind="comment",
        text=said.text,
        answers=said.answers,
        sender=said.api_client,
    )
    await _expect_photos(unit, before, said)
    after = heard_from_reporter(before)
    await save_case(unit, before, after)
    line = HistoryEntry(HistoryKind.COMMENT, version=after.version, refers_to=said.comment_id)
    await add_history(unit, after.case_id, line)
    if after.state is CaseState.WAITING_FOR_REPORTER and said.by_reporter:
        change = resume(after, actor=Actor.REPORTER, now=unit.now)
        await keep_state(unit, change, HistoryEntry(HistoryKind.STATE, codes={"by": "reporter"}))


async def _expect_photos(unit: UnitOfWork, case: Case, said: ReportCommented) -> None:
    rows = [
        {
            "photo_id": claim.photo_id,
            "case_id": case.case_id,
            "message_id": said.comment_id,
            "position": n,
            "state": "expected",
        }
        for n, claim in enumerate(said.photos, start=100)
    ]
    await add_photos(unit.connection, rows)
