"""Hear what the other side says of a case: its status counts here, its words reach people."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from melder_common.event_values import BodyRef
from melder_common.text import mask_personal_data
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.history import HistoryEntry, HistoryKind
from melder_routing.domain.outside import OutsideCase
from melder_routing.domain.outside_job import Found
from melder_routing.domain.outside_trouble import EndpointFailed, pause_for
from melder_routing.domain.remote_status import status_key
from melder_routing.store.cases import add_history, lock_case
from melder_routing.store.endpoints import Endpoint, find_endpoint, note_answer, note_failure
from melder_routing.store.open311_answers import RemoteUpdate
from melder_routing.store.outside_cases import (
    BY_OUTSIDE,
    add_heard,
    list_listened,
    lock_outside,
    note_outside,
    note_standing,
)
from melder_routing.use_cases.take_word import LONGEST_TEXT, TheirWord, take_word

OVERLAP = timedelta(hours=2)
"""Looked at again each time: what is dated earlier than it was told, and clocks that differ."""
WIDE, WIDE_EVERY = timedelta(days=7), timedelta(hours=12)
"""Now and then further back: the other side may have been behind itself."""


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
    remember = note_standing if update.stands else add_heard
    if not await remember(unit.connection, outside.id, update.update_id, unit.now):
        return
    said_at = min(update.at, unit.now)  # a clock that is ahead must not make all that follows late
    late = not update.stands and outside.remote_at is not None and said_at < outside.remote_at
    word = TheirWord(
        body=BodyRef(slug=outside.body, name=name),
        status="" if late else update.status,
        before=outside.remote_status,
        text=mask_personal_data(update.text)[:LONGEST_TEXT] or None,
        held=await _holds(unit, outside),
        by=BY_OUTSIDE,
    )
    await _note_status(unit, outside, update, None if late else said_at)
    await take_word(unit, case, word, late=late)


async def _holds(unit: UnitOfWork, outside: OutsideCase) -> bool:
    endpoint = await find_endpoint(unit.connection, outside.body)
    return endpoint is not None and endpoint.entry.their_texts == "held"


async def _note_status(
    unit: UnitOfWork, outside: OutsideCase, update: RemoteUpdate, said_at: datetime | None
) -> None:
    """What came late (``said_at`` is none) counts as heard, but not as the present status."""
    key = status_key(update.status)[:100]
    heard: dict[str, Any] = {"heard_at": unit.now}
    if said_at is not None:
        heard["remote_at"] = said_at
    if key and key != "unchanged" and said_at is not None:
        heard["remote_status"] = key
    await note_outside(unit.connection, outside.id, **heard)
    codes = {"status": key} | BY_OUTSIDE
    line = HistoryEntry(HistoryKind.HEARD_OUTSIDE, body=outside.body, codes=codes)
    await add_history(unit, outside.case_id, line)
