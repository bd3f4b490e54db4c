"""notify says what became of mails with links: the case lies there, or a clerk has to act."""

from collections.abc import Mapping
from uuid import UUID

from melder_common.event_values import BodyRef
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case import Case
from melder_routing.domain.case_link import CaseLink
from melder_routing.domain.history import HistoryEntry, HistoryKind
from melder_routing.domain.remote_status import NOW_WITH
from melder_routing.store.case_links import BY_LINK, find_mailed_links, lock_link, note_link
from melder_routing.store.cases import add_history, lock_case, set_case_facts
from melder_routing.use_cases.take_word import arrive

CASE_LINK_MAIL = "case_link"
"""What notify calls these mails."""


async def note_link_mails(unit: UnitOfWork, outcomes: Mapping[UUID, str | None]) -> None:
    """By mail: none when a server took it, else the code of what went wrong for good.

    Only the latest mail of a link says how it stands.
    """
    if not outcomes:
        return
    found = await find_mailed_links(unit.connection, list(outcomes))
    for mail_id, (link_id, case_id) in sorted(found.items(), key=lambda one: one[1][1]):
        case = await lock_case(unit.connection, case_id)
        link = await lock_link(unit.connection, link_id)
        if link.state != "issued" or link.mail_id != mail_id:
            continue
        reason = outcomes[mail_id]
        if reason is None:
            await note_delivered(unit, case, link)
        else:
            await _note_failed(unit, case, link, reason)


async def note_delivered(unit: UnitOfWork, case: Case, link: CaseLink) -> None:
    """The mail is there: the case lies with the body. A reminder changes nothing in public."""
    await note_link(unit.connection, link.id, state="sent", sent_at=unit.now, error=None)
    line = HistoryEntry(HistoryKind.LINK_SENT, body=link.body)
    await add_history(unit, case.case_id, line)
    if link.reminders == 0 and case.working.slug == link.body:
        body = BodyRef(slug=link.body, name=case.working.name)
        said = NOW_WITH.format(body=body.name)
        await arrive(unit, case, body, said, BY_LINK)


async def _note_failed(unit: UnitOfWork, case: Case, link: CaseLink, reason: str) -> None:
    await note_link(unit.connection, link.id, state="failed", error=reason[:100])
    line = HistoryEntry(HistoryKind.LINK_FAILED, body=link.body)
    await add_history(unit, case.case_id, line)
    await set_case_facts(unit.connection, case.case_id, unread=case.unread + 1)
