"""Links to cases, and the bodies that get them. Callers hold the case's lock."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, text, update
from sqlalchemy import case as sql_case
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.event_values import CLOSED_STATES, BodyRef, Translated
from melder_routing.domain.case_link import CaseLink
from melder_routing.domain.case_link_entry import CaseLinkEntry
from melder_routing.store.case_tables import case, case_history, case_photo
from melder_routing.store.link_tables import case_link, link_receiver

BY_LINK = {"by": "link"}
"""What a line of history says of a change that a body made by its link."""


async def put_link_receivers(
    connection: AsyncConnection, entries: Mapping[str, CaseLinkEntry]
) -> None:
    """Write the entries by body; those no longer there are marked, and get nothing more."""
    gone = update(link_receiver).where(
        link_receiver.c.body.not_in(list(entries)), link_receiver.c.removed_at.is_(None)
    )
    await connection.execute(gone.values(removed_at=func.now()))
    if not entries:
        return
    rows = [
        {
            "body": slug,
            "email": entry.email,
            "send": entry.sends,
            "longest_wait_hours": entry.longest_wait_hours,
            "remind_after": entry.remind_after,
            "their_texts": entry.their_texts,
        }
        for slug, entry in entries.items()
    ]
    statement = upsert(link_receiver)
    new = {name: statement.excluded[name] for name in rows[0] if name != "body"}
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["body"], set_={**new, "removed_at": None}),
        rows,
    )


async def find_receiver(connection: AsyncConnection, slug: str) -> CaseLinkEntry | None:
    """The entry of a body that gets links now, with its address: for the worker only."""
    chosen = select(link_receiver).where(
        link_receiver.c.body == slug, link_receiver.c.removed_at.is_(None)
    )
    row = (await connection.execute(chosen)).first()
    if row is None:
        return None
    names = CaseLinkEntry.model_fields
    return CaseLinkEntry(**{name: getattr(row, name) for name in names})


async def find_their_texts(connection: AsyncConnection, slug: str) -> str | None:
    """Whether words of a body that gets links now are public or held; none for another body."""
    chosen = select(link_receiver.c.their_texts).where(
        link_receiver.c.body == slug, link_receiver.c.removed_at.is_(None)
    )
    found: str | None = await connection.scalar(chosen)
    return found


async def find_linked_case(connection: AsyncConnection, link_id: UUID) -> UUID | None:
    """The case of a link."""
    found: UUID | None = await connection.scalar(
        select(case_link.c.case_id).where(case_link.c.id == link_id)
    )
    return found


async def find_mailed_links(
    connection: AsyncConnection, mail_ids: Sequence[UUID]
) -> dict[UUID, tuple[UUID, UUID]]:
    """(link, case) of each mail that is the latest of its link."""
    chosen = select(case_link.c.mail_id, case_link.c.id, case_link.c.case_id)
    rows = await connection.execute(chosen.where(case_link.c.mail_id.in_(mail_ids)))
    return {row.mail_id: (row.id, row.case_id) for row in rows}


async def lock_link(connection: AsyncConnection, link_id: UUID) -> CaseLink:
    """The row, locked until the commit; its case was locked before."""
    chosen = select(case_link).where(case_link.c.id == link_id)
    return link_of((await connection.execute(chosen.with_for_update())).one())


async def note_link(connection: AsyncConnection, link_id: UUID, **values: Any) -> None:
    """Write columns by name."""
    await connection.execute(update(case_link).where(case_link.c.id == link_id).values(**values))


async def save_link(connection: AsyncConnection, link: CaseLink) -> None:
    """Write all of a link that changes when a mail leaves."""
    await note_link(
        connection,
        link.id,
        state=link.state,
        asked=link.asked,
        mails=link.mails,
        mail_id=link.mail_id,
        issued_at=link.issued_at,
        reminders=link.reminders,
        answer=link.answer,
        answered_at=link.answered_at,
        error=link.error,
    )


async def ask_for_link(
    connection: AsyncConnection, link_id: UUID, case_id: UUID, slug: str, now: datetime
) -> None:
    """A clerk wants a mail to the body ``slug`` now; a first time makes the row.

    What was mailed before gets a new generation: the old link is worth nothing at once.
    """
    statement = upsert(case_link).values(
        id=link_id, case_id=case_id, body=slug, noted_at=now, asked=True
    )
    renewed = case_link.c.generation + sql_case((case_link.c.mails > 0, 1), else_=0)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["case_id", "body"],
            set_={"state": "waiting", "asked": True, "generation": renewed, "error": None},
        )
    )


async def has_pending_photos(connection: AsyncConnection, case_id: UUID) -> bool:
    """Whether photos are still on their way here or into the public."""
    chosen = select(case_photo.c.photo_id).where(
        case_photo.c.case_id == case_id, case_photo.c.state.in_(("expected", "release_asked"))
    )
    return (await connection.execute(chosen.limit(1))).first() is not None


async def was_closed_since(
    connection: AsyncConnection, case_id: UUID, since: datetime | None
) -> bool:
    """Whether the case was closed after a moment, whatever became of it then."""
    if since is None:
        return False
    chosen = select(case_history.c.id).where(
        case_history.c.case_id == case_id,
        case_history.c.at > since,
        case_history.c.kind == "state",
        case_history.c.codes["to"].astext.in_(sorted(CLOSED_STATES)),
    )
    return (await connection.execute(chosen.limit(1))).first() is not None


async def count_stuck_links(connection: AsyncConnection) -> int:
    """Open cases whose mail could not be delivered, or nobody answers."""
    chosen = (
        select(func.count())
        .select_from(case_link)
        .join(case, case.c.id == case_link.c.case_id)
        .where(
            case_link.c.error.is_not(None),
            case.c.closed_at.is_(None),
        )
    )
    return int(await connection.scalar(chosen) or 0)


_ASK = text("""
    SELECT coalesce(nullif(named.contact, '{}'), region.contact) AS contact, named.slug, named.name
    FROM routing.region
    JOIN routing.body AS clearing ON clearing.id = region.clearing_body_id
    JOIN routing.body AS named ON named.slug = coalesce(CAST(:slug AS text), clearing.slug)
""")


async def find_who_answers(
    connection: AsyncConnection, slug: str | None, fallback: BodyRef
) -> tuple[BodyRef, Translated]:
    """Whom to ask, and how to reach them: the body ``slug``, without one the clearing body."""
    row = (await connection.execute(_ASK, {"slug": slug})).first()
    if row is None:
        return fallback, {}
    return BodyRef(slug=row.slug, name=row.name), dict(row.contact)


def link_of(row: Row[Any]) -> CaseLink:
    """The domain's link from a row of ``case_link``."""
    return CaseLink(**{name: getattr(row, name) for name in CaseLink.__dataclass_fields__})
