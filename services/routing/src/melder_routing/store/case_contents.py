"""What lies beside a case: its texts, photos and messages. Callers hold the case's lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.row_inserts import insert_rows
from melder_routing.store.case_tables import (
    access_log,
    case,
    case_message,
    case_photo,
    case_text,
    legal_hold,
    mail_log,
)

TO_REVIEW = ("ready",)
"""Photos that wait for somebody to look at them."""


@dataclass(frozen=True, slots=True)
class Texts:
    """The description as written, and what the public reads of it (``public_state``)."""

    description: str | None
    public_text: str | None
    public_state: str


async def add_texts(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the texts of new cases in one statement."""
    await insert_rows(connection, case_text, rows)


async def get_texts(connection: AsyncConnection, case_id: UUID) -> Texts:
    """The texts of one case."""
    columns = (case_text.c.description, case_text.c.public_text, case_text.c.public_state)
    row = await connection.execute(select(*columns).where(case_text.c.case_id == case_id))
    return Texts(*row.one())


async def set_public_text(
    connection: AsyncConnection, case_id: UUID, text: str | None, state: str
) -> None:
    """What the public reads from now on; ``None`` takes it back."""
    statement = update(case_text).where(case_text.c.case_id == case_id)
    await connection.execute(statement.values(public_text=text, public_state=state))


async def add_photos(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Insert expected photos; one that is known already stays as it is."""
    if rows:
        await connection.execute(upsert(case_photo).on_conflict_do_nothing(), rows)


async def get_photo_state(connection: AsyncConnection, case_id: UUID, photo_id: UUID) -> str | None:
    """The state of a photo of this case; none when it is no photo of this case."""
    return await connection.scalar(
        select(case_photo.c.state).where(
            case_photo.c.case_id == case_id, case_photo.c.photo_id == photo_id
        )
    )


async def set_photo(connection: AsyncConnection, photo_id: UUID, **values: Any) -> None:
    """Note what became of a photo (columns by name)."""
    statement = update(case_photo).where(case_photo.c.photo_id == photo_id)
    await connection.execute(statement.values(**values))


async def count_photos_to_review(connection: AsyncConnection, case_id: UUID) -> int:
    """How many photos of the case nobody has looked at yet; 0 where the policy says never."""
    chosen = select(func.count()).join_from(case_photo, case, case.c.id == case_photo.c.case_id)
    chosen = chosen.where(
        case.c.id == case_id,
        case.c.policy["photo"].astext != "never",
        case_photo.c.state.in_(TO_REVIEW),
    )
    return int(await connection.scalar(chosen) or 0)


async def add_message(
    connection: AsyncConnection,
    *,
    message_id: UUID,
    case_id: UUID,
    at: datetime,
    kind: str,
    text: str | None,
    body: str | None = None,
    public: bool = False,
    answers: UUID | None = None,
    sender: str | None = None,
) -> None:
    """Keep a message; without ``body`` the reporter wrote it, or a program called ``sender``."""
    values = {
        "id": message_id,
        "case_id": case_id,
        "at": at,
        "kind": kind,
        "by_reporter": body is None,
        "body": body,
        "sender": sender,
        "text": text,
        "public": public,
        "answers": answers,
    }
    await connection.execute(insert(case_message).values(values))


async def erase_contents(connection: AsyncConnection, case_id: UUID, at: datetime) -> None:
    """Take away what the reporter wrote; what the body wrote and the facts stay."""
    await connection.execute(
        update(case_text)
        .where(case_text.c.case_id == case_id)
        .values(
            title=None,
            description=None,
            attributes={},
            media_link=None,
            public_text=None,
            public_state="hidden",
        )
    )
    await connection.execute(
        update(case_message)
        .where(case_message.c.case_id == case_id, case_message.c.by_reporter)
        .values(text=None, erased_at=at)
    )


async def has_legal_hold(connection: AsyncConnection, case_id: UUID) -> bool:
    """Whether somebody suspended the erasure of this case."""
    chosen = select(legal_hold.c.id).where(
        legal_hold.c.case_id == case_id, legal_hold.c.lifted_at.is_(None)
    )
    return (await connection.execute(chosen)).first() is not None


async def add_mail_log(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Note what notify told about messages; the latest word about one of them counts."""
    statement = upsert(mail_log)
    changed = {name: statement.excluded[name] for name in ("state", "reason", "at")}
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["notification_id"], set_=changed), rows
    )


async def add_access_log(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Note which grants clerks used in other services; one grant counts once."""
    await connection.execute(upsert(access_log).on_conflict_do_nothing(), rows)
