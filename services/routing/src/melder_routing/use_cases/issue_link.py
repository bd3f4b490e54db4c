"""A case whose body gets a link needs a look: have a mail sent, leave it, or tell a clerk."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from melder_common.event_values import BodyRef
from melder_common.events import CaseLinkIssued
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case_link import (
    SILENT,
    CaseLink,
    GiveUp,
    Issue,
    LinkFile,
    next_link_step,
)
from melder_routing.domain.history import HistoryEntry, HistoryKind
from melder_routing.domain.outside import Leave, Rest
from melder_routing.store.case_links import find_who_answers, note_link, save_link
from melder_routing.store.cases import add_history, get_facts, set_case_facts
from melder_routing.store.link_office import LinkOffice
from melder_routing.store.region_bodies import find_language
from melder_routing.use_cases.on_case import say
from melder_routing.use_cases.open_link_file import open_link_file


async def issue_link(unit: UnitOfWork, link_id: UUID, office: LinkOffice) -> datetime | None:
    """Do what is to be done now; when to look again, if at all by itself."""
    file = await open_link_file(unit, link_id)
    if file is None:
        return None
    step = next_link_step(file, unit.now)
    if isinstance(step, Issue):
        link = await _issue(unit, file, step, office)
        step = next_link_step(replace(file, link=link, closed_since=False), unit.now)
    elif isinstance(step, GiveUp):
        await _tell_clerks(unit, file)
    elif isinstance(step, Leave):
        await note_link(unit.connection, link_id, state="left", error=None)
    return step.until if isinstance(step, Rest) else None


async def _issue(unit: UnitOfWork, file: LinkFile, step: Issue, office: LinkOffice) -> CaseLink:
    link, case, entry = file.link.issue(step.occasion, unit.now), file.case, file.entry
    assert entry is not None  # noqa: S101 (the rule issues nothing without an entry)
    assert link.mail_id is not None  # noqa: S101 (issuing has just numbered it)
    await save_link(unit.connection, link)
    facts = await get_facts(unit.connection, case.case_id)
    place = facts.place if facts.policy.place == "at_once" else None
    other = case.responsible.slug if case.responsible else None
    ask, contact = await find_who_answers(
        unit.connection, None if other == link.body else other, case.body
    )
    issued = CaseLinkIssued(
        case_id=case.case_id,
        report_id=case.report_id,
        number=case.number,
        mail_id=link.mail_id,
        first_mail_id=link.first_mail,
        occasion=step.occasion,
        body=BodyRef(slug=link.body, name=case.working.name),
        language=await find_language(unit.connection, link.body),
        responsible=case.responsible,
        category=facts.category,
        municipality=facts.municipality,
        hazard=case.hazard,
        due_at=case.due_at,
        ask=ask,
        ask_contact=contact,
        letter=office.seal_letter(link, entry.email, place, unit.now),
        issued_at=unit.now,
    )
    say(unit, case, issued)
    codes = {"occasion": step.occasion}
    line = HistoryEntry(HistoryKind.LINK_ISSUED, body=link.body, codes=codes)
    await add_history(unit, case.case_id, line)
    return link


async def _tell_clerks(unit: UnitOfWork, file: LinkFile) -> None:
    case = file.case
    await note_link(unit.connection, file.link.id, error=SILENT)
    line = HistoryEntry(HistoryKind.LINK_UNANSWERED, body=file.link.body)
    await add_history(unit, case.case_id, line)
    await set_case_facts(unit.connection, case.case_id, unread=case.unread + 1)
