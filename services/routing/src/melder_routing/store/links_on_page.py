"""What the case page shows of bodies reached by links, within the clerk's scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_routing.domain.case import Case
from melder_routing.domain.case_link import LinkState
from melder_routing.store.link_tables import case_link, link_receiver
from melder_routing.store.region_tables import body


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A body that has a link to the case or is to get one; ``state`` is missing before that."""

    name: str
    state: LinkState | None
    send: str
    issued_at: datetime | None
    sent_at: datetime | None
    reminders: int
    answer: str | None
    answered_at: datetime | None
    error: str | None


async def list_links(connection: AsyncConnection, case: Case) -> Sequence[LinkRow]:
    """All of them, the present body first. The caller has read the case within his scope."""
    mine = and_(case_link.c.body == link_receiver.c.body, case_link.c.case_id == case.case_id)
    present = link_receiver.c.body == case.working.slug
    chosen = (
        select(body.c.name, link_receiver.c.send, case_link)
        .select_from(link_receiver)
        .join(body, body.c.slug == link_receiver.c.body)
        .outerjoin(case_link, mine)
        .where(
            or_(
                case_link.c.id.is_not(None),
                and_(present, link_receiver.c.removed_at.is_(None)),
            )
        )
        .order_by(present.desc(), case_link.c.noted_at.desc())
    )
    return [
        LinkRow(
            name=row.name,
            state=row.state,
            send=row.send,
            issued_at=row.issued_at,
            sent_at=row.sent_at,
            reminders=row.reminders or 0,
            answer=row.answer,
            answered_at=row.answered_at,
            error=row.error,
        )
        for row in await connection.execute(chosen)
    ]
