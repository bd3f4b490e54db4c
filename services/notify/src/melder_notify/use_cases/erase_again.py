"""A restored backup has brought contacts back that were erased after it: erase them again."""

from datetime import timedelta
from uuid import UUID

from melder_common.erasures import Erasure
from melder_common.timers import Due, postpone, settle
from melder_common.unit_of_work import UnitOfWork, UnitsOfWork
from melder_notify.domain.contacts import Contact, ContactState
from melder_notify.store.case_mails import drop_case_mails
from melder_notify.store.contacts import lock_contact, lock_contacts_of_report
from melder_notify.store.notifications import drop_waiting
from melder_notify.store.reports import find_reports
from melder_notify.use_cases.answer_links import ADDRESS, CONTACT, forget_address
from melder_notify.use_cases.erase_contacts import erase_contacts_of
from melder_notify.use_cases.office import Office

ERASE_AGAIN = "erase_again"
LOOK_AGAIN = timedelta(seconds=2)
GIVE_UP = 300
"""Looks at a report that never comes: after that the restored past does not have it at all."""


async def erase_again(unit: UnitOfWork, noted: list[Erasure], office: Office) -> None:
    """Erase the contacts of the reports that the ledger names.

    Where the backup was made before notify had heard of a report, its contact comes only with the
    log: a timer waits for it.
    """
    wanted = [one for one in noted if one.kind in {CONTACT, ADDRESS}]
    known = await find_reports(unit.connection, [one.id for one in wanted])
    for erasure in wanted:
        if erasure.id in known:
            await _erase(unit, erasure, office)
        else:
            key = f"{erasure.kind} {erasure.id}"
            await unit.plan(ERASE_AGAIN, key, at=unit.now, payload={"looks": GIVE_UP})


async def erase_when_known(due: Due, office: Office, units: UnitsOfWork) -> None:
    """The timer ``erase_again``: its report may have come by now."""
    kind, _, report_id = due.key.partition(" ")
    erasure, looks = Erasure(kind, UUID(report_id)), int(due.payload["looks"])
    async with units.begin() as unit:
        known = await find_reports(unit.connection, [erasure.id])
        if known:
            await _erase(unit, erasure, office)
        elif looks > 0:
            later = unit.now + LOOK_AGAIN
            await postpone(unit, due, later, payload={"looks": looks - 1})
            return
        await settle(unit, due)


async def _erase(unit: UnitOfWork, erasure: Erasure, office: Office) -> None:
    contacts = await lock_contacts_of_report(unit.connection, [erasure.id])
    if erasure.kind == CONTACT:
        await drop_case_mails(unit.connection, [erasure.id])
        await erase_contacts_of(unit, contacts)
        return
    for contact in contacts:
        await _erase_address(unit, contact, office)


async def _erase_address(unit: UnitOfWork, contact: Contact, office: Office) -> None:
    locked = await lock_contact(unit.connection, contact.contact_id)
    if locked is None or locked[1] is None or "email" not in contact.channels:
        return
    await drop_waiting(unit.connection, [contact.contact_id], "erased")
    await forget_address(unit, contact, locked[1], ContactState.NOT_ME, office)
