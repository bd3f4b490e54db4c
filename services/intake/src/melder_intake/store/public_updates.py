"""The public history of all reports by time: one row for each change that everybody may know.

Two logs are merged, the timeline and the public messages, each read along its index by time. What
is hidden is left out in the query, so that pages are full.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    Text,
    Uuid,
    and_,
    cast,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.event_values import CaseState
from melder_common.text import mask_personal_data
from melder_intake.store.public_view import PHOTO
from melder_intake.store.tables import message, public_photo, public_report, timeline_entry


@dataclass(frozen=True, slots=True)
class Window:
    """Which updates: from ``since`` on, before ``before``, of some reports or a body's.

    ``numbers`` and ``body`` are empty for all; ``body`` is any that the report ever had.
    """

    since: datetime | None = None
    before: datetime | None = None
    numbers: tuple[str, ...] = ()
    body: str | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class PublicUpdate:
    """One change. ``kind``: status, routed, handover, message, photo; texts are masked.

    ``state`` and ``reason`` are those of the case right after it.
    """

    update_id: UUID
    number: str
    at: datetime
    kind: str
    state: CaseState
    reason: str | None
    body_name: str | None
    text: str | None
    data: dict[str, Any]
    photo_id: UUID | None


async def list_updates(
    connection: AsyncConnection, window: Window, *, limit: int
) -> list[PublicUpdate]:
    """The updates of the window, oldest first, at most ``limit``."""
    rows = await connection.execute(updates_query(window, limit=limit))
    return [_update(row) for row in rows]


def updates_query(window: Window, *, limit: int) -> Select[Any]:
    """The statement behind ``list_updates``."""
    most = window.offset + limit
    merged = union_all(
        *(select(branch.subquery()) for branch in (_entries(window, most), _messages(window, most)))
    ).subquery("merged")
    # cut first: the state is looked up for the rows of the page only
    told = (
        select(merged)
        .order_by(merged.c.at, merged.c.update_id)
        .limit(limit)
        .offset(window.offset)
        .subquery("told")
    )
    seen = _state_then(told)
    return (
        select(told, seen.c.state.label("state_then"), seen.c.reason)
        .outerjoin(seen, true())
        .order_by(told.c.at, told.c.update_id)
    )


def _entries(window: Window, most: int) -> Select[Any]:
    entry, view = timeline_entry.c, public_report.c
    photo_id = cast(entry.data["photo_id"].astext, Uuid)
    shown = or_(
        entry.kind != PHOTO,
        and_(
            public_photo.c.state == "released",
            view.policy_photo != "never",
            view.erased_at.is_(None),
        ),
    )
    return (
        select(
            entry.entry_id.label("update_id"),
            entry.report_id,
            view.number,
            entry.at,
            entry.kind,
            entry.body_name,
            entry.text,
            entry.data,
            public_photo.c.photo_id,
        )
        .join(public_report, view.report_id == entry.report_id)
        .outerjoin(public_photo, and_(entry.kind == PHOTO, public_photo.c.photo_id == photo_id))
        .where(shown, *_within(window, entry.at))
        .order_by(entry.at, entry.entry_id)
        .limit(most)
    )


def _messages(window: Window, most: int) -> Select[Any]:
    said, view = message.c, public_report.c
    return (
        select(
            said.message_id,
            said.report_id,
            view.number,
            said.posted_at,
            literal("message", Text),
            said.body_name,
            said.text,
            cast(literal("{}"), JSONB),
            cast(null(), Uuid),
        )
        .join(public_report, view.report_id == said.report_id)
        .where(said.public, *_within(window, said.posted_at))
        .order_by(said.posted_at, said.message_id)
        .limit(most)
    )


def _within(window: Window, at: ColumnElement[datetime]) -> Sequence[ColumnElement[bool]]:
    conditions = (
        at >= window.since if window.since else None,
        at < window.before if window.before else None,
        public_report.c.number.in_(window.numbers) if window.numbers else None,
        public_report.c.bodies.contains([window.body]) if window.body else None,
    )
    return [condition for condition in conditions if condition is not None]


def _state_then(told: Subquery) -> Any:
    """The last change of state up to each update; of a change of state that is itself."""
    earlier = timeline_entry.alias("earlier")
    return (
        select(earlier.c.state, earlier.c.data["reason"].astext.label("reason"))
        .where(
            earlier.c.report_id == told.c.report_id,
            earlier.c.kind == "status",
            earlier.c.at <= told.c.at,
        )
        .order_by(earlier.c.at.desc(), (earlier.c.entry_id == told.c.update_id).desc())
        .limit(1)
        .lateral("seen")
    )


def _update(row: Any) -> PublicUpdate:
    return PublicUpdate(
        update_id=row.update_id,
        number=row.number,
        at=row.at,
        kind=row.kind,
        state=CaseState(row.state_then) if row.state_then else CaseState.RECEIVED,
        reason=row.reason,
        body_name=row.body_name,
        text=mask_personal_data(row.text) if row.text else None,
        data=row.data,
        photo_id=row.photo_id,
    )
