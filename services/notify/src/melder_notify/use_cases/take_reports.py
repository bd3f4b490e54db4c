"""A report was submitted: keep its contact sealed, and record the one receipt it will get."""

from base64 import b64decode
from collections.abc import Sequence
from typing import Any

from melder_common.envelope import Heard
from melder_common.events import ReportSubmitted
from melder_common.ids import new_id
from melder_common.unit_of_work import UnitOfWork
from melder_notify.domain.contacts import ContactState
from melder_notify.domain.news import MailKind
from melder_notify.store.contacts import add_contacts
from melder_notify.store.notifications import add_notifications
from melder_notify.store.reports import add_reports
from melder_notify.use_cases.office import Office

Row = dict[str, Any]


async def take_reports(
    unit: UnitOfWork, heard: Sequence[Heard[ReportSubmitted]], office: Office
) -> None:
    """Note the reports; the receipts wait for the routing.

    A receipt is recorded here and nowhere else, so there is one per report, whatever follows.
    """
    await add_reports(unit.connection, [_report(one.event) for one in heard])
    contacts = [_contact(one.event, unit, office) for one in heard if one.event.contact]
    await add_contacts(unit.connection, contacts)
    submitted = {one.event.report_id: one for one in heard}
    receipts = [
        _receipt(row, submitted[row["report_id"]], unit)
        for row in contacts
        if "email" in row["channels"]
    ]
    await add_notifications(unit.connection, receipts)


def _report(event: ReportSubmitted) -> Row:
    return {
        "report_id": event.report_id,
        "number": event.number,
        "language": event.language,
        "category": event.category,
        "submitted_at": event.submitted_at,
    }


def _contact(event: ReportSubmitted, unit: UnitOfWork, office: Office) -> Row:
    sealed = event.contact
    assert sealed is not None  # noqa: S101 (the caller chose reports with a contact)
    mailable = "email" in event.channels
    erase_after = unit.now + office.receipt_wait + office.retention.unconfirmed
    return {
        "contact_id": new_id(),
        "report_id": event.report_id,
        "state": ContactState.UNCONFIRMED,
        "channels": list(event.channels),
        "key_id": sealed.key_id,
        "box": b64decode(sealed.box, validate=True),
        "created_at": unit.now,
        "erase_after": erase_after if mailable else None,
    }


def _receipt(contact: Row, heard: Heard[ReportSubmitted], unit: UnitOfWork) -> Row:
    return {
        "notification_id": new_id(),
        "report_id": contact["report_id"],
        "contact_id": contact["contact_id"],
        "event_id": heard.event_id,
        "kind": MailKind.RECEIPT,
        "queued_at": unit.now,
    }
