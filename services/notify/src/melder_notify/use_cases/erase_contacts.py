"""The time of contacts is over: forget them, and say that nobody can be asked any more."""

from collections.abc import Sequence

from melder_common.envelope import Heard
from melder_common.erasures import note_erasures
from melder_common.events import ContactErased, ReportErased
from melder_common.unit_of_work import UnitOfWork
from melder_notify.domain.contacts import Contact, ContactState
from melder_notify.store.case_mails import drop_case_mails
from melder_notify.store.contacts import (
    forget_box,
    lock_contacts_of_report,
    lock_due_for_erasure,
)
from melder_notify.store.notifications import drop_waiting, forget_words
from melder_notify.use_cases.answer_links import CONTACT, forget_address
from melder_notify.use_cases.office import Office

BATCH = 100


async def erase_contacts_in_time(unit: UnitOfWork, office: Office) -> bool:
    """Erase unconfirmed addresses and contacts of long closed cases; whether there may be more."""
    due = await lock_due_for_erasure(unit.connection, unit.now, limit=BATCH)
    over = []
    for contact, box in due:
        if box is not None and _has_more_than_an_unconfirmed_address(contact):
            await drop_waiting(unit.connection, [contact.contact_id], "never_confirmed")
            await forget_address(unit, contact, box, contact.state, office)
        else:
            over.append(contact)
    await erase_contacts_of(unit, over)
    return len(due) == BATCH


def _has_more_than_an_unconfirmed_address(contact: Contact) -> bool:
    return contact.state is ContactState.UNCONFIRMED and {"email", "phone"} <= set(contact.channels)


async def erase_reports(
    unit: UnitOfWork, heard: Sequence[Heard[ReportErased]], _office: Office
) -> None:
    """Forget contacts and words of erased reports."""
    report_ids = [one.event.report_id for one in heard]
    await erase_contacts_of(unit, await lock_contacts_of_report(unit.connection, report_ids))
    await forget_words(unit.connection, report_ids)
    await drop_case_mails(unit.connection, report_ids)


async def erase_contacts_of(unit: UnitOfWork, contacts: Sequence[Contact]) -> None:
    """Forget everything about these contacts but that they were there."""
    if not contacts:
        return
    ids = [contact.contact_id for contact in contacts]
    await drop_waiting(unit.connection, ids, "erased")
    await forget_box(unit.connection, ids, ContactState.ERASED)
    await forget_words(unit.connection, [contact.report_id for contact in contacts])
    await note_erasures(unit, CONTACT, [contact.report_id for contact in contacts])
    for contact in contacts:
        unit.record(
            ContactErased(contact_id=contact.contact_id, report_id=contact.report_id),
            aggregate_id=contact.contact_id,
            report_id=contact.report_id,
        )
