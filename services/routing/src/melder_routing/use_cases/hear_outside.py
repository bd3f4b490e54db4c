"""Hear what the other side says of a case: its status counts here, its words reach people."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from melder_common.event_values import BodyRef, CaseState
from melder_common.events import CaseMessagePosted
from melder_common.ids import new_id
from melder_common.text import mask_personal_data
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case import Case
from melder_routing.domain.case_changes import StateChange, move
from melder_routing.domain.history import HistoryEntry, HistoryKind
from melder_routing.domain.outside import OutsideCase
from melder_routing.domain.outside_job import Found
from melder_routing.domain.outside_trouble import EndpointFailed, pause_for
from melder_routing.domain.remote_status import find_status, sentence_for, status_key, target_of
from melder_routing.domain.states import Actor, is_closed
from melder_routing.store.case_contents import add_message
from melder_routing.store.cases import add_history, lock_case, set_case_facts
from melder_routing.store.endpoints import Endpoint, find_endpoint, note_answer, note_failure
from melder_routing.store.open311_answers import RemoteUpdate
from melder_routing.store.outside_cases import (
    BY_OUTSIDE,
    add_heard,
    list_listened,
    lock_outside,
    note_outside,
)
from melder_routing.use_cases.on_case import keep_state, say

OVERLAP = timedelta(hours=2)
"""Looked at again each time: what is dated earlier than it was told, and clocks that differ."""
WIDE, WIDE_EVERY = timedelta(days=7), timedelta(hours=12)
"""Now and then further back: the other side may have been behind itself."""
LONGEST_TEXT = 4000


@dataclass(frozen=True, slots=True)
class Look:
    """Whom to ask about what; ``wide`` when it goes further back than usual."""

    endpoint: Endpoint
    known: dict[str, list[Found]]
    since: datetime
    until: datetime
    wide: bool


async def prepare_look(unit: UnitOfWork, slug: str) -> Look | datetime | None:
    """What to ask the endpoint of a body; the next moment when not now; none when it is gone."""
    endpoint = await find_endpoint(unit.connection, slug)
    if endpoint is None or endpoint.removed:
        return None
    if endpoint.paused_until is not None and endpoint.paused_until > unit.now:
        return endpoint.paused_until
    listened = await list_listened(unit.connection, slug, unit.now)
    if not listened:
        return unit.now + timedelta(seconds=endpoint.entry.poll_seconds)
    wide = endpoint.looked_wide_at is None or unit.now - endpoint.looked_wide_at > WIDE_EVERY
    since = (endpoint.heard_until or unit.now) - (WIDE if wide else OVERLAP)
    known = {number: [Found(*pair) for pair in pairs] for number, pairs in listened.items()}
    return Look(endpoint, known, since, unit.now, wide)


async def note_look(unit: UnitOfWork, look: Look) -> datetime:
    """Everything of this look is heard; when to look again."""
    values = {"heard_until": look.until}
    if look.wide:
        values["looked_wide_at"] = look.until
    await note_answer(unit.connection, look.endpoint.body, unit.now, **values)
    return unit.now + timedelta(seconds=look.endpoint.entry.poll_seconds)


async def note_failed_look(
    unit: UnitOfWork, look: Look, failed: EndpointFailed, chance: float
) -> datetime:
    """The endpoint could not be asked; when to try again."""
    pause = pause_for(failed, look.endpoint.failures + 1, unit.now, chance)
    until = pause.until if pause.for_all else None
    error = failed.trouble.value
    await note_failure(unit.connection, look.endpoint.body, unit.now, error, until)
    return pause.until


async def hear_update(unit: UnitOfWork, found: Found, name: str, update: RemoteUpdate) -> None:
    """Apply one update of theirs, once. ``name``: how the other side is called in public."""
    case = await lock_case(unit.connection, found.case_id)
    outside = await lock_outside(unit.connection, found.outside_id)
    if not await add_heard(unit.connection, outside.id, update.update_id, unit.now):
        return
    late = outside.remote_at is not None and update.at < outside.remote_at
    status = None if late else find_status(update.status)
    unknown = status is None and not late and case.state is CaseState.FORWARDED
    text = mask_personal_data(update.text)[:LONGEST_TEXT] or None
    here = case.working.slug == outside.body
    target = target_of(case, status, outside.remote_status) if here else None
    await _note_status(unit, outside, update, late=late)
    public = None if await _holds(unit, outside) or not here else text
    is_news = here and status is not None and status_key(update.status) != outside.remote_status
    sentence = sentence_for(status, target, name) if status is not None and is_news else None
    speaker = BodyRef(slug=outside.body, name=name)
    if target is not None and status is not None:
        change = move(
            case,
            target,
            actor=Actor.OUTSIDE,
            now=unit.now,
            message=public or sentence_for(status, target, name),
            reason=status.reason if is_closed(target) else None,
        )
        await _keep(unit, change, speaker)
    elif said := public or (sentence if case.state is CaseState.FORWARDED else None):
        await _pass_on(unit, case, speaker, said)
    if text is not None and public is None:
        await _hold(unit, case, speaker, text)
    if target is CaseState.RECEIVED or (unknown and here):
        await set_case_facts(unit.connection, case.case_id, unread=case.unread + 1)


async def _holds(unit: UnitOfWork, outside: OutsideCase) -> bool:
    endpoint = await find_endpoint(unit.connection, outside.body)
    return endpoint is not None and endpoint.entry.their_texts == "held"


async def _note_status(
    unit: UnitOfWork, outside: OutsideCase, update: RemoteUpdate, *, late: bool
) -> None:
    """What came late counts as heard, but not as the present status."""
    key = status_key(update.status)[:100]
    heard: dict[str, Any] = {"heard_at": unit.now}
    if not late:
        heard["remote_at"] = update.at
    if key and key != "unchanged" and not late:
        heard["remote_status"] = key
    await note_outside(unit.connection, outside.id, **heard)
    codes = {"status": key} | BY_OUTSIDE
    line = HistoryEntry(HistoryKind.HEARD_OUTSIDE, body=outside.body, codes=codes)
    await add_history(unit, outside.case_id, line)


async def _keep(unit: UnitOfWork, change: StateChange, speaker: BodyRef) -> None:
    entry = HistoryEntry(HistoryKind.STATE, body=speaker.slug, codes=BY_OUTSIDE)
    await keep_state(unit, change, entry)


async def _pass_on(unit: UnitOfWork, case: Case, speaker: BodyRef, text: str) -> None:
    """Their words in public, as a message of the case."""
    posted = CaseMessagePosted(
        case_id=case.case_id,
        report_id=case.report_id,
        message_id=new_id(),
        kind="note",
        text=text,
        body=speaker,
        public=True,
        posted_at=unit.now,
    )
    await _write_down(unit, case, speaker, text, posted.message_id, public=True)
    say(unit, case, posted)


async def _hold(unit: UnitOfWork, case: Case, speaker: BodyRef, text: str) -> None:
    """Their words for clerks only; what of it the reporter hears is theirs to write."""
    await _write_down(unit, case, speaker, text, new_id(), public=False)
    await set_case_facts(unit.connection, case.case_id, unread=case.unread + 1)


async def _write_down(
    unit: UnitOfWork, case: Case, speaker: BodyRef, text: str, message_id: UUID, *, public: bool
) -> None:
    await add_message(
        unit.connection,
        message_id=message_id,
        case_id=case.case_id,
        at=unit.now,
        kind="note",
        text=text,
        body=speaker.slug,
        public=public,
    )
    line = HistoryEntry(
        HistoryKind.MESSAGE, body=speaker.slug, refers_to=message_id, codes=BY_OUTSIDE
    )
    await add_history(unit, case.case_id, line)
