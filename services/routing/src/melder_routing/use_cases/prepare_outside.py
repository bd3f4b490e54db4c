"""Find out what a case that lies outside needs next, and note that it begins."""

from datetime import datetime
from uuid import UUID

from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.history import HistoryEntry, HistoryKind
from melder_routing.domain.outside import (
    AskToken,
    Leave,
    OutsideCase,
    OutsideFile,
    Post,
    Rest,
    Tell,
    next_step,
    told_by,
)
from melder_routing.domain.outside_form import NoService, Sender, write_request, write_update
from melder_routing.domain.outside_job import Job
from melder_routing.domain.outside_trouble import Trouble
from melder_routing.store.cases import add_history
from melder_routing.store.endpoints import Endpoint
from melder_routing.store.outside_cases import (
    begin_to_tell,
    note_first_try,
    note_outside,
    read_contents,
)
from melder_routing.store.regions import find_region_name
from melder_routing.use_cases.open_outside_file import open_outside_file


async def prepare_outside(unit: UnitOfWork, outside_id: UUID, origin: str) -> Job | Rest:
    """The next call, or how long there is nothing to do. ``origin`` is for links."""
    found = await open_outside_file(unit, outside_id)
    if found is None:
        return Rest()
    step = next_step(found.file, unit.now)
    if isinstance(step, Leave):
        await note_outside(unit.connection, outside_id, state="left", error=step.why)
        return Rest()
    if isinstance(step, Rest):
        return step
    later = not_before(found.file.outside, found.endpoint, unit.now)
    if later > unit.now:
        return Rest(later)
    sender = Sender(await find_region_name(unit.connection), origin)
    return await _job(unit, found.file, step, sender)


def not_before(outside: OutsideCase, endpoint: Endpoint, now: datetime) -> datetime:
    """When the next call may be: now, or when the pause of the case and of the line is over."""
    return max(at for at in (outside.next_at, endpoint.paused_until, now) if at is not None)


async def _job(
    unit: UnitOfWork, file: OutsideFile, step: Post | AskToken | Tell, sender: Sender
) -> Job | Rest:
    outside, entry = file.outside, file.entry
    if entry is None:
        return Rest()
    if isinstance(step, AskToken):
        return Job(outside, entry, step, None)
    if isinstance(step, Tell):
        first = await begin_to_tell(unit.connection, outside.id, step.news.key, unit.now)
        letter = write_update(outside, entry, step.news, sender, first)
        return Job(outside, entry, step, letter, frozenset({step.news.key}))
    contents = await read_contents(unit.connection, outside.case_id, file.shown.text)
    try:
        letter = write_request(outside, entry, step, contents, sender)
    except NoService:
        await _refuse(unit, outside)
        return Rest()
    carried = {"with_text": step.with_text, "with_photos": list(step.photos)}
    if outside.state == "waiting":
        await note_first_try(unit.connection, outside.id, unit.now)
    await note_outside(unit.connection, outside.id, state="posting", **carried)
    return Job(outside, entry, step, letter, told_by(step, file.shown))


async def _refuse(unit: UnitOfWork, outside: OutsideCase) -> None:
    error = Trouble.NO_SERVICE.value
    await note_outside(unit.connection, outside.id, state="refused", error=error, error_words=None)
    line = HistoryEntry(HistoryKind.REFUSED_OUTSIDE, body=outside.body, codes={"error": error})
    await add_history(unit, outside.case_id, line)
