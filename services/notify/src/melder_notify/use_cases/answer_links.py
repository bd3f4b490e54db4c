"""Somebody followed a link of a mail and pressed its button: confirm, unsubscribe, "not me"."""

from dataclasses import replace
from uuid import UUID

from melder_common.erasures import note_erasures
from melder_common.events import ContactConfirmed, ContactErased
from melder_common.unit_of_work import UnitOfWork
from melder_notify.domain.contacts import Contact, ContactState
from melder_notify.store.contacts import change_contact, forget_box, keep_boxes, lock_contact
from melder_notify.store.notifications import drop_waiting, release_held
from melder_notify.store.reports import find_reports
from melder_notify.store.vault import SealedContact
from melder_notify.use_cases.announce import plan_mails
from melder_notify.use_cases.office import Office

CONTACT, ADDRESS = "contact", "address"
"""What the erasure ledger says of a report's contact: all of it is gone, or the e-mail address.

It names reports, because a contact's own id is minted anew when a restored log is heard again.
"""

_GONE = frozenset({ContactState.NOT_ME, ContactState.ERASED})


class ContactGone(LookupError):
    """The address was erased: nothing can be confirmed or ended any more."""


async def confirm_contact(unit: UnitOfWork, contact_id: UUID, office: Office) -> Contact:
    """The owner of the address wants mails; what was held for it leaves now. Raises ContactGone.

    Repeating changes nothing; after "unsubscribe" it is a new, deliberate yes.
    """
    contact, _ = await _lock(unit, contact_id)
    if contact.state in _GONE:
        raise ContactGone(str(contact_id))
    if contact.state is ContactState.CONFIRMED:
        return contact
    reports = await find_reports(unit.connection, [contact.report_id])
    closed_at = reports[contact.report_id].closed_at if contact.report_id in reports else None
    await change_contact(
        unit.connection,
        contact_id,
        state=ContactState.CONFIRMED,
        confirmed_at=unit.now,
        erase_after=closed_at + office.retention.after_closing if closed_at else None,
    )
    await plan_mails(unit, await release_held(unit.connection, contact_id))
    unit.record(
        ContactConfirmed(contact_id=contact_id, report_id=contact.report_id, channel="email"),
        aggregate_id=contact_id,
        report_id=contact.report_id,
    )
    return replace(contact, state=ContactState.CONFIRMED)


async def unsubscribe_contact(unit: UnitOfWork, contact_id: UUID) -> Contact:
    """No mail about this report any more. Raises ContactGone only for unknown contacts."""
    contact, _ = await _lock(unit, contact_id)
    if contact.state in _GONE or contact.state is ContactState.UNSUBSCRIBED:
        return contact
    await change_contact(unit.connection, contact_id, state=ContactState.UNSUBSCRIBED)
    await drop_waiting(unit.connection, [contact_id], "unsubscribed")
    return replace(contact, state=ContactState.UNSUBSCRIBED)


async def disown_contact(unit: UnitOfWork, contact_id: UUID, office: Office) -> Contact:
    """The address belongs to somebody who reported nothing: forget it at once.

    A phone number of the reporter stays. Raises ContactGone only for unknown contacts.
    """
    contact, box = await _lock(unit, contact_id)
    if contact.state in _GONE or box is None:
        return contact
    await drop_waiting(unit.connection, [contact_id], "not_me")
    await forget_address(unit, contact, box, ContactState.NOT_ME, office)
    return replace(contact, state=ContactState.NOT_ME)


async def forget_address(
    unit: UnitOfWork, contact: Contact, box: SealedContact, state: ContactState, office: Office
) -> None:
    """Erase the e-mail address, and everything else too unless a phone number was left."""
    if "phone" not in contact.channels:
        await forget_box(unit.connection, [contact.contact_id], state)
        await note_erasures(unit, CONTACT, [contact.report_id])
        unit.record(
            ContactErased(contact_id=contact.contact_id, report_id=contact.report_id),
            aggregate_id=contact.contact_id,
            report_id=contact.report_id,
        )
        return
    await note_erasures(unit, ADDRESS, [contact.report_id])
    rest = office.vault.open(box).without_email()
    await keep_boxes(unit.connection, [office.vault.seal(contact.contact_id, rest)])
    await change_contact(
        unit.connection,
        contact.contact_id,
        state=state,
        channels=[channel for channel in contact.channels if channel != "email"],
        erase_after=None,
    )


async def _lock(unit: UnitOfWork, contact_id: UUID) -> tuple[Contact, SealedContact | None]:
    locked = await lock_contact(unit.connection, contact_id)
    if locked is None:
        raise ContactGone(str(contact_id))
    return locked
