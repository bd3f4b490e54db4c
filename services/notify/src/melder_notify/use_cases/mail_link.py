"""A mail with a link falls due: open its letter, write it, and note what became of it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from melder_common.events import NotificationFailed, NotificationSent
from melder_common.sealing import EnvelopeUnreadable
from melder_common.unit_of_work import UnitOfWork
from melder_notify.domain.addresses import MailAddress, UnusableAddress, parse_address
from melder_notify.domain.case_letters import (
    CASE_LINK,
    CaseLetter,
    CaseMatter,
    UnreadableLetter,
    write_case_letter,
)
from melder_notify.domain.link_facts import LinkFacts
from melder_notify.domain.sending import given_up, retry_at
from melder_notify.store.case_mails import (
    CaseMailDue,
    close_case_mail,
    lock_case_mail,
    note_sending,
)
from melder_notify.store.mail_message import Envelope
from melder_notify.store.translations import SpokenWords
from melder_notify.use_cases.office import Office

_log = structlog.get_logger("melder.notify.mails")


@dataclass(frozen=True, slots=True)
class LinkMail:
    """A mail on its way, and what its outcome will be noted for."""

    due: CaseMailDue
    recipient: MailAddress
    mail: bytes


async def prepare_link_mail(
    unit: UnitOfWork, mail_id: UUID, office: Office
) -> LinkMail | datetime | None:
    """Write the mail; when to try again without its key; none when there is nothing to send."""
    due = await lock_case_mail(unit.connection, mail_id)
    if due is None:
        return None
    try:
        letter = office.vault.open_letter(due.key_id, due.box)
        recipient = parse_address(letter.email)
    except EnvelopeUnreadable as error:
        _log.warning("letter cannot be opened", notification_id=str(mail_id), why=str(error))
        reason = "sealing_key_missing"
        return await note_link_delayed(unit, due, reason, attempt=1, office=office)
    except (UnreadableLetter, UnusableAddress):
        await note_link_failed(unit, due, "unusable_address")
        return None
    await note_sending(unit.connection, mail_id)
    return LinkMail(due, recipient, _write(due, letter, recipient, unit.now, office))


def _write(
    due: CaseMailDue, letter: CaseLetter, recipient: MailAddress, now: datetime, office: Office
) -> bytes:
    words = office.languages.speak(str(due.facts["language"]))
    matter = _matter(due, words, due.region or office.region)
    envelope = Envelope(
        mail_id=due.notification_id,
        recipient=recipient,
        number=matter.number,
        region=matter.region,
        language=words.language,
        unsubscribe_url=None,
        sent_at=now,
        thread_id=due.thread_id,
    )
    return office.writer.write(write_case_letter(matter, letter, words), envelope)


def _matter(due: CaseMailDue, words: SpokenWords, region: str) -> CaseMatter:
    facts = LinkFacts.model_validate(due.facts)
    return CaseMatter(
        number=facts.number,
        occasion=facts.occasion,
        body=facts.body.name,
        region=region,
        responsible=facts.responsible.name if facts.responsible else None,
        category=words.name(facts.category.name) or facts.category.slug,
        municipality=facts.municipality,
        hazard=facts.hazard,
        due_at=facts.due_at,
        ask=facts.ask.name,
        ask_contact=words.name(facts.ask_contact),
    )


async def note_link_sent(unit: UnitOfWork, due: CaseMailDue) -> None:
    """The server took it."""
    mail_id, outcome = due.notification_id, "accepted_by_server"
    if await close_case_mail(unit.connection, mail_id, "sent", outcome, unit.now):
        sent = NotificationSent(
            notification_id=mail_id,
            report_id=due.report_id,
            kind=CASE_LINK,
            channel="email",
            sent_at=unit.now,
        )
        unit.record(sent, aggregate_id=mail_id, report_id=due.report_id)


async def note_link_delayed(
    unit: UnitOfWork, due: CaseMailDue, reason: str, *, attempt: int, office: Office
) -> datetime | None:
    """When to try again; None when patience is at its end and the mail is given up."""
    if given_up(due.queued_at, unit.now, patience=office.mail_patience):
        await note_link_failed(unit, due, f"given_up_{reason}")
        return None
    return retry_at(attempt, unit.now)


async def note_link_failed(unit: UnitOfWork, due: CaseMailDue, reason: str) -> None:
    """The mail can never be delivered: routing shows that to the clerks of the case."""
    if await close_case_mail(unit.connection, due.notification_id, "failed", reason):
        failed = NotificationFailed(
            notification_id=due.notification_id,
            report_id=due.report_id,
            kind=CASE_LINK,
            channel="email",
            reason=reason,
        )
        unit.record(failed, aggregate_id=due.notification_id, report_id=due.report_id)
