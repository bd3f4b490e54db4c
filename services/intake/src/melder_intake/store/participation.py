"""What reporters add to their reports: comments, feedback, wishes to reopen, the opened link."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_intake.store.tables import comment, message, participation


@dataclass(frozen=True, slots=True)
class Comment:
    """A reporter's words; ``answers`` names the question."""

    comment_id: UUID
    text: str
    answers: UUID | None
    source: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """A body's words to the reporter: question, answer or note."""

    message_id: UUID
    kind: str
    text: str
    body_name: str
    public: bool
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class Participation:
    """What the reporter did so far."""

    tracking_opened_at: datetime | None = None
    fixed: bool | None = None
    feedback_at: datetime | None = None
    reopen_requests: int = 0


async def add_comment(
    connection: AsyncConnection,
    *,
    comment_id: UUID,
    report_id: UUID,
    source: str,
    text: str,
    answers: UUID | None,
    at: datetime,
) -> bool:
    """Keep a comment; False when this one is kept already."""
    added = await connection.execute(
        upsert(comment)
        .values(
            comment_id=comment_id,
            report_id=report_id,
            source=source,
            text=text,
            answers=answers,
            written_at=at,
        )
        .on_conflict_do_nothing()
        .returning(comment.c.comment_id)
    )
    return added.first() is not None


async def list_comments(connection: AsyncConnection, report_id: UUID) -> list[Comment]:
    """What the reporter wrote, oldest first; what programs sent may be somebody else's words."""
    rows = await connection.execute(
        select(comment)
        .where(comment.c.report_id == report_id, comment.c.source != "open311")
        .order_by(comment.c.written_at)
    )
    return [
        Comment(row.comment_id, row.text, row.answers, row.source, row.written_at) for row in rows
    ]


async def list_messages(connection: AsyncConnection, report_id: UUID) -> list[Message]:
    """The messages to the reporter, oldest first."""
    rows = await connection.execute(
        select(message).where(message.c.report_id == report_id).order_by(message.c.posted_at)
    )
    return [
        Message(row.message_id, row.kind, row.text, row.body_name, row.public, row.posted_at)
        for row in rows
    ]


async def find_open_question(connection: AsyncConnection, report_id: UUID) -> UUID | None:
    """The newest question that no comment answers yet."""
    answered = select(comment.c.answers).where(
        comment.c.report_id == report_id, comment.c.answers.is_not(None)
    )
    found = await connection.execute(
        select(message.c.message_id)
        .where(
            message.c.report_id == report_id,
            message.c.kind == "question",
            message.c.message_id.not_in(answered),
        )
        .order_by(message.c.posted_at.desc())
        .limit(1)
    )
    return found.scalar_one_or_none()


async def get_participation(connection: AsyncConnection, report_id: UUID) -> Participation:
    """What the reporter did; nothing when there is no row yet."""
    found = (
        await connection.execute(
            select(participation).where(participation.c.report_id == report_id)
        )
    ).one_or_none()
    if found is None:
        return Participation()
    return Participation(
        found.tracking_opened_at, found.fixed, found.feedback_at, found.reopen_requests
    )


async def note_tracking_opened(connection: AsyncConnection, report_id: UUID, at: datetime) -> bool:
    """Note the first opening; False when it was opened before."""
    opened = upsert(participation).values(report_id=report_id, tracking_opened_at=at)
    noted = await connection.execute(
        opened.on_conflict_do_update(
            index_elements=[participation.c.report_id],
            set_={"tracking_opened_at": at},
            where=participation.c.tracking_opened_at.is_(None),
        ).returning(participation.c.report_id)
    )
    return noted.first() is not None


async def note_feedback(
    connection: AsyncConnection, report_id: UUID, *, fixed: bool, at: datetime
) -> None:
    """Note what the reporter says about the repair; the last word counts."""
    said = upsert(participation).values(report_id=report_id, fixed=fixed, feedback_at=at)
    await connection.execute(
        said.on_conflict_do_update(
            index_elements=[participation.c.report_id], set_={"fixed": fixed, "feedback_at": at}
        )
    )


async def count_reopen_request(connection: AsyncConnection, report_id: UUID) -> None:
    """Count one more wish to reopen."""
    asked = upsert(participation).values(report_id=report_id, reopen_requests=1)
    await connection.execute(
        asked.on_conflict_do_update(
            index_elements=[participation.c.report_id],
            set_={"reopen_requests": participation.c.reopen_requests + 1},
        )
    )


async def erase_words(connection: AsyncConnection, report_id: UUID) -> None:
    """Delete what was said between reporter and body."""
    await connection.execute(comment.delete().where(comment.c.report_id == report_id))
    await connection.execute(message.delete().where(message.c.report_id == report_id))


async def add_messages(connection: AsyncConnection, rows: list[dict[str, object]]) -> None:
    """Keep messages; one that is known already is left alone."""
    if rows:
        await connection.execute(upsert(message).on_conflict_do_nothing(), rows)
