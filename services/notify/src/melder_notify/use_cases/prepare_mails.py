"""Notifications fall due: decide which mails leave now, fix what they say, write them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog

from melder_common.sealing import EnvelopeUnreadable
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
from melder_notify.store.contacts import keep_boxes
from melder_notify.store.mail_message import Envelope
from melder_notify.store.mails_due import MailDue, lock_mails_due
from melder_notify.store.notifications import fix_mails, hold, list_waiting
from melder_notify.store.translations import SpokenWords
from melder_notify.store.vault import SealedContact
from melder_notify.use_cases.note_mail_outcome import note_dropped, note_failed
from melder_notify.use_cases.office import Office

_log = structlog.get_logger("melder.notify.mails")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail on its way, and what its outcome will be noted for."""

    notification: Notification
    recipient: MailAddress
    mail: bytes


@dataclass(slots=True)
class Prepared:
    """What becomes of notifications that fell due, by their id.

    One that is in none of these has nothing left to do.
    """

    outgoing: dict[UUID, Outgoing] = field(default_factory=dict)
    again: dict[UUID, datetime] = field(default_factory=dict)
    """Look again then."""
    keyless: dict[UUID, Notification] = field(default_factory=dict)
    """The key of the contact is missing: that can be mended, so they are tried later."""


async def prepare_mails(
    unit: UnitOfWork, notification_ids: Sequence[UUID], office: Office
) -> Prepared:
    """Decide for notifications of different contacts; write and fix the mails that leave now."""
    due = await lock_mails_due(unit.connection, notification_ids)
    contacts = [one.contact.contact_id for one in due.values()]
    waiting = await list_waiting(unit.connection, contacts)
    sitting = _Sitting(unit, office)
    for notification_id, one in due.items():
        mine = waiting[one.contact.contact_id]
        this = next((each for each in mine if each.notification_id == notification_id), None)
        if this is not None:
            await sitting.decide(this, [each for each in mine if each is not this], one)
    await fix_mails(unit.connection, sitting.fixed)
    await keep_boxes(unit.connection, sitting.boxes)
    return sitting.prepared


@dataclass(slots=True)
class _Sitting:
    """Many decisions in a row; what they have in common is written down once at the end."""

    unit: UnitOfWork
    office: Office
    prepared: Prepared = field(default_factory=Prepared)
    fixed: list[tuple[UUID, tuple[UUID, ...]]] = field(default_factory=list)
    boxes: list[SealedContact] = field(default_factory=list)

    async def decide(self, this: Notification, others: list[Notification], due: MailDue) -> None:
        unit, rhythm = self.unit, self.office.rhythm
        match decide(this, others, due.contact, now=unit.now, rhythm=rhythm):
            case Send(folded):
                inside = [one for one in others if one.notification_id in folded]
                await self._send(this, inside, due)
            case Wait(until):
                self.prepared.again[this.notification_id] = until
            case Hold():
                await hold(unit.connection, this.notification_id)
            case Drop(reason):
                await note_dropped(unit, this, reason)

    async def _send(self, this: Notification, inside: list[Notification], due: MailDue) -> None:
        try:
            outgoing = self._write(this, inside, due)
        except EnvelopeUnreadable as error:
            id_ = str(this.notification_id)
            _log.warning("contact cannot be opened", notification_id=id_, why=str(error))
            self.prepared.keyless[this.notification_id] = this
        except (UnreadableContact, UnusableAddress):
            await note_failed(self.unit, this, "unusable_address")
        else:
            self.prepared.outgoing[this.notification_id] = outgoing
            folded = tuple(one.notification_id for one in inside)
            self.fixed.append((this.notification_id, folded))

    def _write(self, this: Notification, inside: list[Notification], due: MailDue) -> Outgoing:
        details, recipient = self._open(due)
        words = self.office.languages.speak(due.language)
        matter = _matter(due, words, self.office)
        links = _links(due.contact, details, self.unit.now, self.office)
        confirmed = due.contact.state is ContactState.CONFIRMED
        letter = _letter(this, inside, matter, links, words, confirmed=confirmed)
        envelope = Envelope(
            mail_id=this.notification_id,
            recipient=recipient,
            number=due.number,
            region=matter.region,
            language=words.language,
            unsubscribe_url=links.unsubscribe,
            sent_at=self.unit.now,
            thread_id=due.contact.receipt_id,
        )
        return Outgoing(this, recipient, self.office.writer.write(letter, envelope))

    def _open(self, due: MailDue) -> tuple[ContactDetails, MailAddress]:
        """The details and the address; a box still as received is sealed again, now it is open."""
        if due.box is None:
            raise UnusableAddress("the contact was erased")
        details = self.office.vault.open(due.box)
        if due.box.key_id is not None:
            self.boxes.append(self.office.vault.seal(due.contact.contact_id, details))
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
