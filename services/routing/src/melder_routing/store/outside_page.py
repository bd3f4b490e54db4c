"""What the case page shows of bodies reached by Open311, within the clerk's scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_routing.domain.case import Case
from melder_routing.store.outside_tables import open311_endpoint, outside_case
from melder_routing.store.region_tables import body


@dataclass(frozen=True, slots=True)
class OutsideRow:
    """A body that has the case or is to get it; ``state`` is missing while nothing was begun.

    ``line_error`` concerns all cases of the endpoint.
    """

    body: str
    name: str
    state: str | None
    sends: str
    attempts: int
    remote_id: str | None
    sent_at: datetime | None
    remote_status: str | None
    heard_at: datetime | None
    error: str | None
    error_words: str | None
    next_at: datetime | None
    paused_until: datetime | None
    line_error: str | None


async def list_outside(connection: AsyncConnection, case: Case) -> Sequence[OutsideRow]:
    """All of them, the present body first. The caller has read the case within his scope."""
    mine = and_(
        outside_case.c.body == open311_endpoint.c.body, outside_case.c.case_id == case.case_id
    )
    present = open311_endpoint.c.body == case.working.slug
    chosen = (
        select(outside_case, open311_endpoint.c.body.label("slug"), open311_endpoint.c.entry)
        .add_columns(open311_endpoint.c.paused_until, open311_endpoint.c.last_error, body.c.name)
        .select_from(open311_endpoint)
        .join(body, body.c.slug == open311_endpoint.c.body)
        .outerjoin(outside_case, mine)
        .where(
            or_(
                outside_case.c.id.is_not(None),
                and_(present, open311_endpoint.c.removed_at.is_(None)),
            )
        )
        .order_by(present.desc(), outside_case.c.noted_at.desc())
    )
    return [_row(row) for row in await connection.execute(chosen)]


def _row(row: Any) -> OutsideRow:
    sends = row.entry.get("send") or ("at_once" if row.entry.get("updates") else "after_review")
    return OutsideRow(
        body=row.slug,
        name=row.name,
        state=row.state,
        sends=sends,
        attempts=row.attempts or 0,
        remote_id=row.remote_id,
        sent_at=row.sent_at,
        remote_status=row.remote_status,
        heard_at=row.heard_at,
        error=row.error,
        error_words=row.error_words,
        next_at=row.next_at,
        paused_until=row.paused_until,
        line_error=row.last_error,
    )
