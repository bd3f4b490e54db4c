"""All that mails need, in one statement: sending is the busiest path of notify."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_notify.domain.contacts import Contact, ContactState
from melder_notify.store.vault import SealedContact

_LOAD = text("""
    SELECT n.notification_id,
           c.contact_id, c.report_id, c.state, c.channels, c.status_mailed_at, c.receipt_id,
           c.box, c.key_id, c.wrapped_key,
           r.number, r.language, r.municipality, r.reason, r.usual_days,
           coalesce(b.name, r.responsible_name) AS responsible,
           CASE WHEN r.category_name = '{}' THEN coalesce(k.name, '{}') ELSE r.category_name END
               AS category,
           (SELECT name FROM notify.region LIMIT 1) AS region
    FROM notify.notification n
    JOIN notify.contact c USING (contact_id)
    JOIN notify.report r ON r.report_id = c.report_id
    LEFT JOIN notify.body b ON b.slug = r.responsible_slug
    LEFT JOIN notify.category k ON k.slug = r.category
    WHERE n.notification_id = ANY(:notification_ids)
    ORDER BY c.contact_id
    FOR UPDATE OF c
""").columns(reason=JSONB, category=JSONB)


@dataclass(frozen=True, slots=True)
class MailDue:
    """A contact, its box, and what a mail may say about its report; names by language tag."""

    contact: Contact
    box: SealedContact | None
    number: str
    language: str
    municipality: str | None
    reason: dict[str, str]
    usual_days: float | None
    responsible: str | None
    category: dict[str, str]
    region: str | None


async def lock_mails_due(
    connection: AsyncConnection, notification_ids: Sequence[UUID]
) -> dict[UUID, MailDue]:
    """What the mails of notifications need, by their id; contacts locked until the unit ends.

    What is waiting for the contacts has to be read after this, because only then it stays.
    """
    rows = await connection.execute(_LOAD, {"notification_ids": list(notification_ids)})
    return {row.notification_id: _mail_due(row) for row in rows}


def _mail_due(row: Row[*tuple[Any, ...]]) -> MailDue:
    box = None
    if row.box is not None:
        box = SealedContact(row.contact_id, row.box, row.key_id, row.wrapped_key)
    return MailDue(
        contact=Contact(
            contact_id=row.contact_id,
            report_id=row.report_id,
            state=ContactState(row.state),
            channels=tuple(row.channels),
            status_mailed_at=row.status_mailed_at,
            receipt_id=row.receipt_id,
        ),
        box=box,
        number=row.number,
        language=row.language,
        municipality=row.municipality,
        reason=row.reason,
        usual_days=row.usual_days,
        responsible=row.responsible,
        category=row.category,
        region=row.region,
    )
