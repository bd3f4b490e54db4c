"""A body answers on the page behind its link: its word counts like that of an Open311 server."""

from dataclasses import dataclass
from typing import Any

from melder_common.event_values import BodyRef
from melder_common.text import mask_personal_data
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case import Case
from melder_routing.domain.case_changes import ChangeRefused, require_version
from melder_routing.domain.case_link import CaseLink
from melder_routing.domain.clerk import Scope
from melder_routing.domain.history import HistoryEntry, HistoryKind
from melder_routing.domain.link_answers import (
    NOT_OURS,
    NOTE,
    Answer,
    LinkEnded,
    answers_for,
    require_open,
)
from melder_routing.store.case_links import BY_LINK, find_their_texts, note_link
from melder_routing.store.cases import add_history, lock_visible_case
from melder_routing.store.link_page import LinkFound, has_only_arrived, lock_own_link
from melder_routing.use_cases.note_link_mails import note_delivered
from melder_routing.use_cases.take_word import TheirWord, take_word


@dataclass(frozen=True, slots=True)
class LinkAct:
    """Who answers (the link, with the rights that it gives), and the version the page showed."""

    scope: Scope
    found: LinkFound
    version: int


async def answer_link(unit: UnitOfWork, act: LinkAct, answer: Answer, text: str | None) -> None:
    """Change the case as the body says.

    Raises LinkEnded, CaseNotFound, StaleWrite, and ChangeRefused for what cannot be said now.
    """
    case, link = await _take(unit, act)
    held = await find_their_texts(unit.connection, link.body)
    if held is None:
        raise LinkEnded("elsewhere")
    if answer not in answers_for(case, link):
        raise ChangeRefused("not_offered")
    if link.state in {"issued", "failed"}:
        # whoever answers has the mail: notify's word on it may come later
        await note_delivered(unit, case, link)
        case = await lock_visible_case(unit.connection, act.scope, case.number)
    await _note_answer(unit, case, link, answer)
    word = TheirWord(
        body=BodyRef(slug=link.body, name=case.working.name),
        status=answer.status,
        before=link.answer,
        text=mask_personal_data(text) or None if text else None,
        held=held == "held",
        by=BY_LINK,
    )
    await take_word(unit, case, word)


async def _take(unit: UnitOfWork, act: LinkAct) -> tuple[Case, CaseLink]:
    case = await lock_visible_case(unit.connection, act.scope, act.found.number)
    link = await lock_own_link(unit.connection, act.found)
    require_open(case, link, unit.now)
    if not await has_only_arrived(unit.connection, act.scope, case, act.version):
        require_version(case, act.version)
    return case, link


async def _note_answer(unit: UnitOfWork, case: Case, link: CaseLink, answer: Answer) -> None:
    values: dict[str, Any] = {"answered_at": unit.now, "error": None}
    if answer is NOT_OURS:
        values["state"] = "declined"
    if answer is not NOTE:
        values["answer"] = answer.status
    await note_link(unit.connection, link.id, **values)
    line = HistoryEntry(
        HistoryKind.HEARD_OUTSIDE, body=link.body, codes={"status": answer.status} | BY_LINK
    )
    await add_history(unit, case.case_id, line)
