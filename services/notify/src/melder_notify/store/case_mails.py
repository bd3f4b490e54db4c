"""Mails that bring bodies the link to a case: what waits, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, null, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_notify.store.tables import case_mail, event_tables, region

SEND_CASE_MAIL = "send_case_mail"
"""The timer that sends one of them; its key is the mail's id."""

_WAITING = ("queued", "sending")


@dataclass(frozen=True, slots=True)
class CaseMailDue:
    """A mail that waits. ``facts`` are the event's, ``key_id`` and ``box`` the sealed letter."""

    notification_id: UUID
    report_id: UUID
    thread_id: UUID
    facts: Mapping[str, Any]
    key_id: str
    box: bytes
    queued_at: datetime
    region: str | None


async def add_case_mails(
    connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]
) -> list[UUID]:
    """Insert mails; returns the ids of those that were not there before."""
    statement = insert(case_mail).values(list(rows)).on_conflict_do_nothing()
    added = await connection.execute(statement.returning(case_mail.c.notification_id))
    return list(added.scalars())


async def drop_older(connection: AsyncConnection, thread_id: UUID, latest: UUID) -> None:
    """What waits in the same thread and has not begun to leave is overtaken by the latest."""
    await connection.execute(
        update(case_mail)
        .where(
            case_mail.c.thread_id == thread_id,
            case_mail.c.notification_id != latest,
            case_mail.c.state == "queued",
        )
        .values(state="dropped", outcome="overtaken", box=null(), key_id=null())
    )


async def lock_case_mail(connection: AsyncConnection, mail_id: UUID) -> CaseMailDue | None:
    """A mail that still has to leave, locked until the unit ends; none when nothing is left."""
    name = select(region.c.name).limit(1).scalar_subquery()
    chosen = select(case_mail, name.label("region")).where(
        case_mail.c.notification_id == mail_id, case_mail.c.state.in_(_WAITING)
    )
    row = (await connection.execute(chosen.with_for_update(of=case_mail))).first()
    return _due(row) if row is not None and row.box is not None else None


async def note_sending(connection: AsyncConnection, mail_id: UUID) -> None:
    """The mail begins to leave; count the try."""
    await connection.execute(
        update(case_mail)
        .where(case_mail.c.notification_id == mail_id)
        .values(state="sending", attempts=case_mail.c.attempts + 1)
    )


async def close_case_mail(
    connection: AsyncConnection,
    mail_id: UUID,
    state: str,
    outcome: str,
    at: datetime | None = None,
) -> bool:
    """Note what became of a mail and forget its letter; False when that was noted before."""
    closed = await connection.execute(
        update(case_mail)
        .where(case_mail.c.notification_id == mail_id, case_mail.c.state.in_(_WAITING))
        .values(state=state, outcome=outcome, sent_at=at, box=null(), key_id=null())
    )
    return bool(closed.rowcount)


async def drop_case_mails(connection: AsyncConnection, report_ids: Sequence[UUID]) -> None:
    """Nothing more leaves about these reports."""
    await connection.execute(
        update(case_mail)
        .where(case_mail.c.report_id.in_(report_ids), case_mail.c.state.in_(_WAITING))
        .values(state="dropped", outcome="erased", box=null(), key_id=null())
    )


async def count_mails_sealed_with(connection: AsyncConnection, key_id: str) -> int:
    """How many letters still need the sealing key of a period."""
    chosen = select(func.count()).select_from(case_mail).where(case_mail.c.key_id == key_id)
    return int(await connection.scalar(chosen) or 0)


async def list_unplanned_case_mails(
    connection: AsyncConnection, before: datetime, *, limit: int = 500
) -> list[UUID]:
    """Mails waiting without a timer: what no cursor can see, for reconciling."""
    due = event_tables.due
    planned = select(due.c.id).where(
        due.c.kind == SEND_CASE_MAIL,
        due.c.key == case_mail.c.notification_id.cast(due.c.key.type),
    )
    chosen = select(case_mail.c.notification_id).where(
        case_mail.c.key_id.is_not(None),
        case_mail.c.state.in_(_WAITING),
        case_mail.c.queued_at < before,
        ~planned.exists(),
    )
    return list((await connection.execute(chosen.limit(limit))).scalars())


def _due(row: Row[Any]) -> CaseMailDue:
    return CaseMailDue(**{name: getattr(row, name) for name in CaseMailDue.__dataclass_fields__})
