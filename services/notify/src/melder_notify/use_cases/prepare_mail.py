"""A notification falls due: decide whether its mail leaves now, fix what it says, write it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from melder_common.unit_of_work import UnitOfWork
from melder_notify.domain.addresses import MailAddress, UnusableAddress, parse_address
from melder_notify.domain.contacts import Contact, ContactDetails, ContactState, UnreadableContact
from melder_notify.domain.letters import (
    Letter,
    Links,
    Matter,
    write_closing,
    write_question,
    write_receipt,
    write_status,
)
from melder_notify.domain.links import Act
from melder_notify.domain.news import MailKind, News, Notification
from melder_notify.domain.sending import Drop, Hold, Send, Wait, decide
from melder_notify.store.contacts import keep_box
from melder_notify.store.mail_message import Envelope
from melder_notify.store.mails_due import MailDue, lock_mail_due
from melder_notify.store.notifications import fix_mail, hold, list_waiting
from melder_notify.store.translations import SpokenWords
from melder_notify.use_cases.note_mail_outcome import note_dropped, note_failed
from melder_notify.use_cases.office import Office


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail on its way, and what its outcome will be noted for."""

    notification: Notification
    recipient: MailAddress
    mail: bytes


async def prepare_mail(
    unit: UnitOfWork, notification_id: UUID, office: Office
) -> Outgoing | Wait | None:
    """The mail to send now, or when to look again, or None when nothing is left to do.

    Raises EnvelopeUnreadable while the key of the contact is missing: that can be mended.
    """
    due = await lock_mail_due(unit.connection, notification_id)
    if due is None:
        return None
    waiting = await list_waiting(unit.connection, due.contact.contact_id)
    this = next((one for one in waiting if one.notification_id == notification_id), None)
    if this is None:
        return None
    others = [one for one in waiting if one is not this]
    match decide(this, others, due.contact, now=unit.now, rhythm=office.rhythm):
        case Send(folded):
            inside = [one for one in others if one.notification_id in folded]
            return await _write(unit, this, inside, due, office)
        case Wait() as wait:
            return wait
        case Hold():
            await hold(unit.connection, notification_id)
        case Drop(reason):
            await note_dropped(unit, this, reason)
    return None


async def _write(
    unit: UnitOfWork, this: Notification, inside: list[Notification], due: MailDue, office: Office
) -> Outgoing | None:
    try:
        details, recipient = await _open(unit, due, office)
    except (UnreadableContact, UnusableAddress):
        await note_failed(unit, this, "unusable_address")
        return None
    words = office.languages.speak(due.language)
    matter = _matter(due, words, office)
    links = _links(due.contact, details, unit.now, office)
    confirmed = due.contact.state is ContactState.CONFIRMED
    letter = _letter(this, inside, matter, links, words, confirmed=confirmed)
    await fix_mail(unit.connection, this.notification_id, [i.notification_id for i in inside])
    envelope = Envelope(
        mail_id=this.notification_id,
        recipient=recipient,
        number=due.number,
        region=matter.region,
        language=words.language,
        unsubscribe_url=links.unsubscribe,
        sent_at=unit.now,
        thread_id=due.contact.receipt_id,
    )
    return Outgoing(this, recipient, office.writer.write(letter, envelope))


async def _open(
    unit: UnitOfWork, due: MailDue, office: Office
) -> tuple[ContactDetails, MailAddress]:
    """The details and the address; a box still as received is sealed again, now it is open."""
    if due.box is None:
        raise UnusableAddress("the contact was erased")
    details = office.vault.open(due.box)
    if due.box.key_id is not None:
        await keep_box(unit.connection, office.vault.seal(due.contact.contact_id, details))
    return details, parse_address(details.email or "")


def _matter(due: MailDue, words: SpokenWords, office: Office) -> Matter:
    return Matter(
        number=due.number,
        region=due.region or office.region,
        category=words.name(due.category),
        municipality=due.municipality,
        responsible=due.responsible,
        reason=words.name(due.reason),
        usual_days=due.usual_days,
        answers_read=office.writer.postmark.reply_to is not None,
    )


def _links(contact: Contact, details: ContactDetails, now: datetime, office: Office) -> Links:
    def page(act: Act) -> str:
        return office.page(act, office.link_key.issue(act, contact.contact_id, now))

    return Links(
        tracking=details.tracking_url,
        confirm=page(Act.CONFIRM),
        unsubscribe=page(Act.UNSUBSCRIBE),
        not_me=page(Act.NOT_ME),
    )


def _letter(
    this: Notification,
    inside: list[Notification],
    matter: Matter,
    links: Links,
    words: SpokenWords,
    *,
    confirmed: bool,
) -> Letter:
    own = this.news
    earlier = [one.news for one in inside if one.news]
    if this.kind is MailKind.RECEIPT or own is None:
        return write_receipt(matter, links, words, confirmed=confirmed)
    if this.kind is MailKind.QUESTION:
        return write_question(own, earlier, matter, links, words)
    if this.kind is MailKind.CLOSING:
        return write_closing(own, earlier, matter, links, words)
    news: list[News] = sorted([own, *earlier], key=lambda piece: piece.at)
    return write_status(news, matter, links, words)
