"""Take the word of a body outside on a case of its own, whichever way it came: one rule for all."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from melder_common.event_values import BodyRef, CaseState
from melder_common.ids import new_id
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case import Case
from melder_routing.domain.case_changes import StateChange, move
from melder_routing.domain.history import HistoryEntry, HistoryKind
from melder_routing.domain.remote_status import (
    find_status,
    sentence_for,
    status_key,
    target_of,
)
from melder_routing.domain.states import Actor, is_closed
from melder_routing.store.case_contents import add_message
from melder_routing.store.cases import add_history, set_case_facts
from melder_routing.use_cases.on_case import keep_state
from melder_routing.use_cases.post_message import post_message

LONGEST_TEXT = 4000


@dataclass(frozen=True, slots=True)
class TheirWord:
    """What a body says: a status (its own spelling), what it said before, a masked text.

    ``held``: a clerk reads the text first. ``by`` marks the lines of history. ``name`` of the body
    is how it is called in public.
    """

    body: BodyRef
    status: str
    before: str | None
    text: str | None
    held: bool
    by: Mapping[str, str]


async def arrive(
    unit: UnitOfWork, case: Case, body: BodyRef, said: str, by: Mapping[str, str]
) -> None:
    """The case lies with a body outside from now on, unless it is closed or elsewhere by now."""
    elsewhere = case.working.slug != body.slug
    if elsewhere or is_closed(case.state) or case.state is CaseState.FORWARDED:
        return
    change = move(case, CaseState.FORWARDED, actor=Actor.OUTSIDE, now=unit.now, message=said)
    await keep_state(unit, change, HistoryEntry(HistoryKind.STATE, body=body.slug, codes=by))


async def take_word(unit: UnitOfWork, case: Case, word: TheirWord, *, late: bool = False) -> None:
    """Change the case as the word says, and pass the text on. The case is locked.

    What another body has by now is changed by nobody else; ``late``: the word was overtaken.
    """
    status = find_status(word.status)
    unknown = status is None and not late and case.state is CaseState.FORWARDED
    here = case.working.slug == word.body.slug
    target = target_of(case, status, word.before) if here else None
    public = None if word.held or not here else word.text
    is_news = here and status is not None and status_key(word.status) != word.before
    sentence = sentence_for(status, target, word.body.name) if status and is_news else None
    if target is not None and status is not None:
        said = public or sentence_for(status, target, word.body.name)
        reason = status.reason if is_closed(target) else None
        change = move(case, target, actor=Actor.OUTSIDE, now=unit.now, message=said, reason=reason)
        await _keep(unit, change, word)
    elif said := public or (sentence if case.state is CaseState.FORWARDED else None):
        await _pass_on(unit, case, word, said)
    if word.text is not None and public is None:
        await _hold(unit, case, word, word.text)
    if target is CaseState.RECEIVED or (unknown and here):
        await _alert(unit, case)


async def _keep(unit: UnitOfWork, change: StateChange, word: TheirWord) -> None:
    await keep_state(
        unit, change, HistoryEntry(HistoryKind.STATE, body=word.body.slug, codes=word.by)
    )


async def _pass_on(unit: UnitOfWork, case: Case, word: TheirWord, text: str) -> None:
    """Their words in public, as a message of the case."""
    posted = await post_message(unit, case, "note", text, body=word.body, public=True)
    await _add_line(unit, case, word, posted.message_id)


async def _hold(unit: UnitOfWork, case: Case, word: TheirWord, text: str) -> None:
    """Their words for clerks only; what of it the reporter hears is theirs to write."""
    message_id = new_id()
    await add_message(
        unit.connection,
        message_id=message_id,
        case_id=case.case_id,
        at=unit.now,
        kind="note",
        text=text,
        body=word.body.slug,
        public=False,
    )
    await _add_line(unit, case, word, message_id)
    await _alert(unit, case)


async def _alert(unit: UnitOfWork, case: Case) -> None:
    await set_case_facts(unit.connection, case.case_id, unread=case.unread + 1)


async def _add_line(unit: UnitOfWork, case: Case, word: TheirWord, message_id: UUID) -> None:
    line = HistoryEntry(
        HistoryKind.MESSAGE, body=word.body.slug, refers_to=message_id, codes=word.by
    )
    await add_history(unit, case.case_id, line)
