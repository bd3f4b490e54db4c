"""Contacts: find, lock, confirm, seal again, erase."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, literal, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_notify.domain.contacts import Contact, ContactState
from melder_notify.store.tables import contact, report
from melder_notify.store.vault import SealedContact

_FACTS = (
    contact.c.contact_id,
    contact.c.report_id,
    contact.c.state,
    contact.c.channels,
    contact.c.status_mailed_at,
    contact.c.receipt_id,
)


async def add_contacts(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert contacts as received, many at once."""
    if rows:
        await connection.execute(insert(contact), list(rows))


async def find_contact(connection: AsyncConnection, contact_id: UUID) -> Contact | None:
    """A contact as it is now, or None."""
    row = (
        await connection.execute(select(*_FACTS).where(contact.c.contact_id == contact_id))
    ).one_or_none()
    return _contact(row) if row else None


async def lock_contact(
    connection: AsyncConnection, contact_id: UUID
) -> tuple[Contact, SealedContact | None] | None:
    """A contact with its box, locked until the unit ends; the box is None once it is erased."""
    statement = (
        select(*_FACTS, contact.c.box, contact.c.key_id, contact.c.wrapped_key)
        .where(contact.c.contact_id == contact_id)
        .with_for_update()
    )
    row = (await connection.execute(statement)).one_or_none()
    return (_contact(row), _box(row)) if row else None


async def find_box(connection: AsyncConnection, contact_id: UUID) -> SealedContact | None:
    """A contact's box without a lock, or None once it is erased."""
    statement = select(
        contact.c.contact_id, contact.c.box, contact.c.key_id, contact.c.wrapped_key
    ).where(contact.c.contact_id == contact_id)
    row = (await connection.execute(statement)).one_or_none()
    return _box(row) if row else None


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom to tell about the report ``about``: the contact of it, or of one merged into it."""

    about: UUID
    contact_id: UUID
    report_id: UUID


async def find_recipients(
    connection: AsyncConnection, report_ids: Sequence[UUID]
) -> list[Recipient]:
    """The e-mail contacts to tell of each report, also those of reports merged into it."""
    mailable = literal("email") == contact.c.channels.any_()
    own = select(
        contact.c.report_id.label("about"), contact.c.contact_id, contact.c.report_id
    ).where(contact.c.report_id.in_(report_ids), mailable)
    merged = (
        select(report.c.merged_into.label("about"), contact.c.contact_id, contact.c.report_id)
        .join(contact, contact.c.report_id == report.c.report_id)
        .where(report.c.merged_into.in_(report_ids), mailable)
    )
    rows = await connection.execute(own.union_all(merged))
    return [Recipient(*row) for row in rows]


async def lock_due_for_erasure(
    connection: AsyncConnection, now: datetime, *, limit: int
) -> list[tuple[Contact, SealedContact | None]]:
    """Contacts whose time is over, locked, the oldest first."""
    statement = (
        select(*_FACTS, contact.c.box, contact.c.key_id, contact.c.wrapped_key)
        .where(contact.c.erase_after <= now)
        .order_by(contact.c.erase_after)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [(_contact(row), _box(row)) for row in await connection.execute(statement)]


async def lock_contacts_of_report(
    connection: AsyncConnection, report_ids: Sequence[UUID]
) -> list[Contact]:
    """The contacts of reports that are not erased yet, locked."""
    statement = (
        select(*_FACTS)
        .where(contact.c.report_id.in_(report_ids), contact.c.box.is_not(None))
        .order_by(contact.c.contact_id)
        .with_for_update()
    )
    return [_contact(row) for row in await connection.execute(statement)]


async def lock_as_received(
    connection: AsyncConnection, key_id: str, *, limit: int
) -> list[SealedContact]:
    """Boxes still sealed under a period's key, locked."""
    statement = (
        select(contact.c.contact_id, contact.c.box, contact.c.key_id, contact.c.wrapped_key)
        .where(contact.c.key_id == key_id)
        .limit(limit)
        .with_for_update()
    )
    boxes = (_box(row) for row in await connection.execute(statement))
    return [box for box in boxes if box]


_KEEP_BOX = text("""
    UPDATE notify.contact SET box = :box, key_id = :key_id, wrapped_key = :wrapped_key
    WHERE contact_id = :contact_id
""")


async def keep_boxes(connection: AsyncConnection, boxes: Sequence[SealedContact]) -> None:
    """Replace the boxes of contacts."""
    rows = [
        {
            "contact_id": sealed.contact_id,
            "box": sealed.box,
            "key_id": sealed.key_id,
            "wrapped_key": sealed.wrapped_key,
        }
        for sealed in boxes
    ]
    if rows:
        await connection.execute(_KEEP_BOX, rows)


async def change_contact(connection: AsyncConnection, contact_id: UUID, **values: Any) -> None:
    """Set columns of one contact."""
    await connection.execute(
        update(contact).where(contact.c.contact_id == contact_id).values(**values)
    )


_NOTE_RECEIPT = text("""
    UPDATE notify.contact
    SET receipt_id = :receipt_id,
        erase_after = CASE WHEN state = 'unconfirmed' THEN :erase_after ELSE erase_after END
    WHERE contact_id = :contact_id
""")


async def note_receipts(
    connection: AsyncConnection, receipts: Mapping[UUID, UUID], *, erase_after: datetime
) -> None:
    """Receipts (by contact) left: threads begin with them, and so does the time to confirm."""
    rows = [
        {"contact_id": contact_id, "receipt_id": receipt_id, "erase_after": erase_after}
        for contact_id, receipt_id in receipts.items()
    ]
    if rows:
        await connection.execute(_NOTE_RECEIPT, rows)


_NOTE_STATUS = text(
    "UPDATE notify.contact SET status_mailed_at = :at WHERE contact_id = :contact_id"
)


async def note_status_mails(
    connection: AsyncConnection, contact_ids: Sequence[UUID], at: datetime
) -> None:
    """News left for these contacts: the next must wait its time."""
    rows = [{"contact_id": contact_id, "at": at} for contact_id in contact_ids]
    if rows:
        await connection.execute(_NOTE_STATUS, rows)


async def forget_box(
    connection: AsyncConnection, contact_ids: Sequence[UUID], state: ContactState
) -> None:
    """Take boxes and keys away for good; what stays is that there was a contact."""
    await connection.execute(
        update(contact)
        .where(contact.c.contact_id.in_(contact_ids))
        .values(
            state=state,
            channels=[],
            box=None,
            key_id=None,
            wrapped_key=None,
            erase_after=None,
        )
    )


async def set_end(
    connection: AsyncConnection, report_id: UUID, erase_after: datetime | None
) -> None:
    """When the contacts of a report, and of those merged into it, are erased after its closing.

    Addresses that nobody has confirmed go sooner and keep their own date.
    """
    merged = select(report.c.report_id).where(report.c.merged_into == report_id)
    unconfirmed = (contact.c.state == ContactState.UNCONFIRMED) & (
        literal("email") == contact.c.channels.any_()
    )
    await connection.execute(
        update(contact)
        .where(
            (contact.c.report_id == report_id) | contact.c.report_id.in_(merged),
            contact.c.box.is_not(None),
            ~unconfirmed,
        )
        .values(erase_after=erase_after)
    )


def _contact(row: Row[*tuple[Any, ...]]) -> Contact:
    return Contact(
        contact_id=row.contact_id,
        report_id=row.report_id,
        state=ContactState(row.state),
        channels=tuple(row.channels),
        status_mailed_at=row.status_mailed_at,
        receipt_id=row.receipt_id,
    )


def _box(row: Row[*tuple[Any, ...]]) -> SealedContact | None:
    if row.box is None:
        return None
    return SealedContact(row.contact_id, row.box, row.key_id, row.wrapped_key)
