"""Notifications: what there is to tell to whom, and what became of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    TextClause,
    Uuid,
    any_,
    literal,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.row_inserts import insert_rows_sql, rows_as_json
from melder_notify.domain.news import WAITING, MailKind, News, Notification, NotificationState
from melder_notify.store.tables import event_tables, notification

SEND_MAIL = "send_mail"
"""The timer that sends one notification's mail; its key is the notification's id."""

_WAITING = [state.value for state in WAITING]
_RECEIPT_WAITS = (
    notification.c.kind == MailKind.RECEIPT,
    notification.c.state == NotificationState.QUEUED,
    notification.c.mail_id.is_(None),
)
"""A receipt that was recorded and not let go yet: letting go sets its ``mail_id``, once."""


async def add_notifications(
    connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]
) -> list[UUID]:
    """Insert notifications, many at once; returns the ids of those that were not there before."""
    if not rows:
        return []
    added = await connection.execute(_add(tuple(rows[0])), {"rows": rows_as_json(rows)})
    return list(added.scalars())


@cache
def _add(columns: tuple[str, ...]) -> TextClause:
    inserting = insert_rows_sql(notification, columns)
    return text(f"{inserting} ON CONFLICT DO NOTHING RETURNING notification_id")


async def release_receipts(connection: AsyncConnection, report_ids: Sequence[UUID]) -> list[UUID]:
    """Let the receipts of routed reports go; returns those that still waited."""
    routed = notification.c.report_id == any_(literal(list(report_ids), ARRAY(Uuid)))
    return await _release(connection, routed)


async def release_late_receipts(
    connection: AsyncConnection, before: datetime, *, limit: int
) -> list[UUID]:
    """Let receipts go that were recorded before ``before`` and still wait for the routing."""
    late = (
        select(notification.c.notification_id)
        .where(*_RECEIPT_WAITS, notification.c.queued_at <= before)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return await _release(connection, notification.c.notification_id.in_(late))


async def _release(connection: AsyncConnection, which: ColumnElement[bool]) -> list[UUID]:
    statement = (
        update(notification)
        .where(which, *_RECEIPT_WAITS)
        .values(mail_id=notification.c.notification_id)
        .returning(notification.c.notification_id)
    )
    return list((await connection.execute(statement)).scalars())


async def find_contacts_of(
    connection: AsyncConnection, notification_ids: Sequence[UUID]
) -> dict[UUID, UUID]:
    """The contact of each notification there is."""
    rows = await connection.execute(_CONTACTS_OF, {"ids": list(notification_ids)})
    return {row.notification_id: row.contact_id for row in rows}


_CONTACTS_OF = text("""
    SELECT notification_id, contact_id FROM notify.notification WHERE notification_id = ANY(:ids)
""")

_LIST_WAITING = text("""
    SELECT notification_id, contact_id, report_id, kind, state, queued_at, facts, mail_id
    FROM notify.notification
    WHERE contact_id = ANY(:contact_ids) AND state IN ('queued', 'held', 'sending')
    ORDER BY queued_at, notification_id
""").columns(facts=JSONB)

_FIX = text("""
    UPDATE notify.notification AS told
    SET state = 'sending', mail_id = fixed.mail_id, attempts = attempts + 1
    FROM unnest(CAST(:ids AS uuid[]), CAST(:mail_ids AS uuid[])) AS fixed (id, mail_id)
    WHERE told.notification_id = fixed.id
""")

_CLOSE = text("""
    UPDATE notify.notification
    SET state = CASE WHEN notification_id = ANY(:mail_ids) THEN CAST(:state AS text)
                     ELSE CAST(:inside AS text) END,
        outcome = CAST(:outcome AS text),
        sent_at = CAST(:at AS timestamptz)
    WHERE contact_id = ANY(:contact_ids) AND state IN ('queued', 'held', 'sending')
      AND (notification_id = ANY(:mail_ids) OR mail_id = ANY(:mail_ids))
    RETURNING notification_id
""")


async def list_waiting(
    connection: AsyncConnection, contact_ids: Sequence[UUID]
) -> dict[UUID, list[Notification]]:
    """Everything that has not left yet for each of the contacts, the oldest first."""
    waiting: dict[UUID, list[Notification]] = {contact_id: [] for contact_id in contact_ids}
    for row in await connection.execute(_LIST_WAITING, {"contact_ids": list(contact_ids)}):
        waiting[row.contact_id].append(_notification(row))
    return waiting


async def fix_mails(
    connection: AsyncConnection, mails: Sequence[tuple[UUID, Sequence[UUID]]]
) -> None:
    """Fix what mails contain (id, what is folded into it) before they are sent; count the try."""
    pairs = [(one, mail_id) for mail_id, folded in mails for one in (mail_id, *folded)]
    if pairs:
        ids, mail_ids = zip(*pairs, strict=True)
        await connection.execute(_FIX, {"ids": list(ids), "mail_ids": list(mail_ids)})


async def close_mails(
    connection: AsyncConnection,
    notifications: Sequence[Notification],
    state: NotificationState,
    *,
    outcome: str,
    at: datetime | None = None,
) -> set[UUID]:
    """Note what became of mails and all that left in them; returns those not noted before."""
    if not notifications:
        return set()
    inside = NotificationState.FOLDED if state is NotificationState.SENT else state
    mail_ids = [one.notification_id for one in notifications]
    closed = await connection.execute(
        _CLOSE,
        {
            "mail_ids": mail_ids,
            "contact_ids": [one.contact_id for one in notifications],
            "state": state.value,
            "inside": inside.value,
            "outcome": outcome,
            "at": at,
        },
    )
    return set(closed.scalars()) & set(mail_ids)


async def hold(connection: AsyncConnection, notification_id: UUID) -> None:
    """Keep a notification until its address is confirmed."""
    await connection.execute(
        update(notification)
        .where(notification.c.notification_id == notification_id)
        .values(state=NotificationState.HELD)
    )


async def release_held(connection: AsyncConnection, contact_id: UUID) -> list[UUID]:
    """Queue what was held for a contact; returns it."""
    statement = (
        update(notification)
        .where(
            notification.c.contact_id == contact_id,
            notification.c.state == NotificationState.HELD,
        )
        .values(state=NotificationState.QUEUED)
        .returning(notification.c.notification_id)
    )
    return list((await connection.execute(statement)).scalars())


async def drop_waiting(
    connection: AsyncConnection, contact_ids: Sequence[UUID], outcome: str
) -> None:
    """Nothing more leaves for these contacts."""
    await connection.execute(
        update(notification)
        .where(notification.c.contact_id.in_(contact_ids), notification.c.state.in_(_WAITING))
        .values(state=NotificationState.DROPPED, outcome=outcome)
    )


async def forget_words(connection: AsyncConnection, report_ids: Sequence[UUID]) -> None:
    """Take away what bodies wrote in the mails of erased reports."""
    await connection.execute(
        update(notification)
        .where(notification.c.report_id.in_(report_ids))
        .values(facts=literal_column("'{}'::jsonb"))
    )


async def list_unplanned(
    connection: AsyncConnection, before: datetime, *, limit: int = 500
) -> list[UUID]:
    """Notifications waiting without a timer: what no cursor can see, for reconciling."""
    due = event_tables.due
    planned = (
        select(due.c.id)
        .where(
            due.c.kind == SEND_MAIL,
            due.c.key == notification.c.notification_id.cast(due.c.key.type),
        )
        .exists()
    )
    statement = (
        select(notification.c.notification_id)
        .where(
            notification.c.state.in_([NotificationState.QUEUED, NotificationState.SENDING]),
            notification.c.mail_id.is_(None)
            | (notification.c.mail_id == notification.c.notification_id),
            notification.c.queued_at < before,
            ~planned,
        )
        .limit(limit)
    )
    return list((await connection.execute(statement)).scalars())


def _notification(row: Row[*tuple[Any, ...]]) -> Notification:
    return Notification(
        notification_id=row.notification_id,
        contact_id=row.contact_id,
        report_id=row.report_id,
        kind=MailKind(row.kind),
        state=NotificationState(row.state),
        queued_at=row.queued_at,
        news=News.from_facts(row.facts) if row.facts else None,
        mail_id=row.mail_id,
    )
