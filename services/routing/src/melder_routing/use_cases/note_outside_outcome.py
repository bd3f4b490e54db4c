"""Note what came of a call to an endpoint: the case lies there, heard something, or has to wait."""

import random
from datetime import datetime
from typing import Any

from melder_common.event_values import BodyRef
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.history import HistoryEntry, HistoryKind
from melder_routing.domain.outside import OutsideCase, Post, Rest, Tell, next_step, token_pause
from melder_routing.domain.outside_job import Arrived, Informed, Job, Numbered, Outcome
from melder_routing.domain.outside_trouble import FOR_CLERKS, EndpointFailed, Trouble, pause_for
from melder_routing.domain.remote_status import NOW_WITH, NUMBERED_THERE
from melder_routing.store.cases import add_history, set_case_facts
from melder_routing.store.endpoints import note_answer, note_failure
from melder_routing.store.outside_cases import BY_OUTSIDE, add_told, note_outside
from melder_routing.use_cases.open_outside_file import OpenFile, open_outside_file
from melder_routing.use_cases.prepare_outside import not_before
from melder_routing.use_cases.take_word import arrive

_WELL: dict[str, Any] = {
    "attempts": 0,
    "error": None,
    "error_words": None,
    "failing_since": None,
    "next_at": None,
}


async def note_outside_outcome(unit: UnitOfWork, job: Job, outcome: Outcome) -> datetime | None:
    """Keep ``outcome``; when the case is to be looked at again, if at all by itself."""
    found = await open_outside_file(unit, job.outside.id)
    if found is None:
        return None
    if not isinstance(outcome, EndpointFailed):
        await note_answer(unit.connection, found.endpoint.body, unit.now)
        await _note_success(unit, job, found, outcome)
    elif outcome.trouble in FOR_CLERKS:
        await note_answer(unit.connection, found.endpoint.body, unit.now)
        await _give_to_clerks(unit, job, found, outcome)
    else:
        await _wait(unit, found, outcome)
    return await _again_at(unit, job)


async def _note_success(
    unit: UnitOfWork, job: Job, found: OpenFile, outcome: Arrived | Numbered | Informed
) -> None:
    outside = found.file.outside
    if isinstance(outcome, Arrived):
        await _arrive(unit, job, found, outcome)
    elif isinstance(outcome, Numbered):
        await _number(unit, outside, outcome)
    else:
        await add_told(unit.connection, outside.id, job.told, unit.now)
        await note_outside(unit.connection, outside.id, **_WELL)


async def _arrive(unit: UnitOfWork, job: Job, found: OpenFile, arrived: Arrived) -> None:
    outside, case = found.file.outside, found.file.case
    await note_outside(
        unit.connection,
        outside.id,
        **_WELL,
        state="sent" if arrived.token is None or arrived.remote_id else "token",
        remote_id=arrived.remote_id,
        token=arrived.token,
        sent_at=unit.now,
    )
    await add_told(unit.connection, outside.id, job.told, unit.now)
    codes = {"number": arrived.remote_id} if arrived.remote_id else {}
    line = HistoryEntry(HistoryKind.SENT_OUTSIDE, body=outside.body, codes=codes | BY_OUTSIDE)
    await add_history(unit, case.case_id, line)
    said = NOW_WITH.format(body=found.endpoint.name)
    if arrived.remote_id:
        said += NUMBERED_THERE.format(number=arrived.remote_id)
    body = BodyRef(slug=outside.body, name=found.endpoint.name)
    await arrive(unit, case, body, said, BY_OUTSIDE)


async def _number(unit: UnitOfWork, outside: OutsideCase, numbered: Numbered) -> None:
    if numbered.remote_id is None:
        later = unit.now + token_pause(outside.attempts)
        tries = {"attempts": outside.attempts + 1, "next_at": later}
        await note_outside(unit.connection, outside.id, **tries)
        return
    known = {"state": "sent", "remote_id": numbered.remote_id, "token": None}
    await note_outside(unit.connection, outside.id, **_WELL, **known)
    codes = {"number": numbered.remote_id} | BY_OUTSIDE
    line = HistoryEntry(HistoryKind.NUMBERED_OUTSIDE, body=outside.body, codes=codes)
    await add_history(unit, outside.case_id, line)


async def _wait(unit: UnitOfWork, found: OpenFile, failed: EndpointFailed) -> None:
    """Try again later, for good, but never fast; what concerns the line holds all its cases."""
    outside, endpoint = found.file.outside, found.endpoint
    failures = max(endpoint.failures, outside.attempts) + 1
    chance = random.random()  # noqa: S311 (spreads retries)
    pause = pause_for(failed, failures, unit.now, chance)
    if pause.for_all:
        error = failed.trouble.value
        await note_failure(unit.connection, endpoint.body, unit.now, error, pause.until)
    await note_outside(
        unit.connection,
        outside.id,
        attempts=outside.attempts + 1,
        error=failed.trouble.value,
        error_words=failed.words or None,
        failing_since=outside.failing_since or unit.now,
        next_at=pause.until,
    )


async def _give_to_clerks(
    unit: UnitOfWork, job: Job, found: OpenFile, failed: EndpointFailed
) -> None:
    """A refused case waits for a clerk; a refused piece of news is passed over, and shown."""
    outside, case = found.file.outside, found.file.case
    values: dict[str, Any] = {"error": failed.trouble.value, "error_words": failed.words or None}
    if isinstance(job.step, Tell):
        await add_told(unit.connection, outside.id, job.told, unit.now)
    else:
        values["state"] = "refused"
        if isinstance(job.step, Post) and failed.trouble is not Trouble.UNCLEAR:
            values |= {"with_text": None, "with_photos": []}
    since = outside.failing_since or unit.now
    await note_outside(unit.connection, outside.id, failing_since=since, **values)
    codes = {"error": failed.trouble.value} | BY_OUTSIDE
    line = HistoryEntry(HistoryKind.REFUSED_OUTSIDE, body=outside.body, codes=codes)
    await add_history(unit, case.case_id, line)
    await set_case_facts(unit.connection, case.case_id, unread=case.unread + 1)


async def _again_at(unit: UnitOfWork, job: Job) -> datetime | None:
    """Asked under the same locks as every change of the case: nothing meanwhile is missed."""
    found = await open_outside_file(unit, job.outside.id)
    if found is None:
        return None
    step = next_step(found.file, unit.now)
    if isinstance(step, Rest):
        return step.until
    return not_before(found.file.outside, found.endpoint, unit.now)
