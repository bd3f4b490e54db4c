"""Writing the public view: every function takes a batch and may be repeated without harm."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import bindparam, case, cast, delete, func, literal_column, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import Update
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import Text

from melder_intake.store.tables import (
    public_photo,
    public_report,
    timeline_entry,
)

Rows = Sequence[dict[str, Any]]

PHOTO = "photo"
"""The kind of a timeline entry that stands for the release of a photo."""
KEPT = ("routed", "handover", PHOTO)
"""Entries that no snapshot tells whole: a rebuilding keeps them, and with them their ids."""

_with_new_bodies = (
    select(func.array_agg(literal_column("slug").distinct()))
    .select_from(
        func.unnest(
            public_report.c.bodies + cast(bindparam("new_bodies", type_=ARRAY(Text)), ARRAY(Text))
        ).alias("slug")
    )
    .scalar_subquery()
)
_closing_time: ColumnElement[Any] = case(
    (bindparam("is_closed"), func.coalesce(public_report.c.closed_at, bindparam("at"))), else_=None
)


@cache
def _change(fields: tuple[str, ...], *, adds_bodies: bool, closes: bool) -> Update:
    values: dict[str, Any] = {field: bindparam(f"new_{field}") for field in fields}
    values["changed_at"] = func.greatest(public_report.c.changed_at, bindparam("at"))
    if adds_bodies:
        values["bodies"] = _with_new_bodies
    if closes:
        values["closed_at"] = _closing_time
    return (
        update(public_report)
        .where(public_report.c.report_id == bindparam("for_report"))
        .values(values)
    )


async def change_reports(connection: AsyncConnection, rows: Rows, *fields: str) -> None:
    """Set ``fields`` of the reports ``for_report``; every row brings ``at`` for ``changed_at``.

    Rows that bring ``new_bodies`` add to the bodies the report ever had.
    """
    if not rows:
        return
    statement = _change(fields, adds_bodies="new_bodies" in rows[0], closes="is_closed" in rows[0])
    await connection.execute(statement, list(rows))


_SET_TEXT = (
    update(public_report)
    .where(public_report.c.report_id == bindparam("for_report"))
    .values(
        text=bindparam("new_text"),
        changed_at=func.greatest(public_report.c.changed_at, bindparam("at")),
        reviewed_at=case(
            (
                or_(public_report.c.policy_text != "at_once", bindparam("by_clerk")),
                func.coalesce(public_report.c.reviewed_at, bindparam("at")),
            ),
            else_=public_report.c.reviewed_at,
        ),
    )
)


async def set_text(connection: AsyncConnection, rows: Rows) -> None:
    """Set the released text; a text that its policy publishes at once was reviewed by nobody."""
    if rows:
        await connection.execute(_SET_TEXT, list(rows))


async def note_review(connection: AsyncConnection, rows: Rows) -> None:
    """A clerk has looked at these reports (``for_report``, ``at``)."""
    if not rows:
        return
    await connection.execute(
        update(public_report)
        .where(public_report.c.report_id == bindparam("for_report"))
        .values(
            reviewed_at=func.coalesce(public_report.c.reviewed_at, bindparam("at")),
            changed_at=func.greatest(public_report.c.changed_at, bindparam("at")),
        ),
        list(rows),
    )


async def save_photos(connection: AsyncConnection, rows: Rows) -> None:
    """Upsert photos (photo_id, report_id, state, renditions, reason, changed_at)."""
    if not rows:
        return
    said = upsert(public_photo)
    await connection.execute(
        said.on_conflict_do_update(
            index_elements=[public_photo.c.photo_id],
            set_={
                "report_id": said.excluded.report_id,
                "state": said.excluded.state,
                "renditions": said.excluded.renditions,
                "reason": said.excluded.reason,
                "changed_at": said.excluded.changed_at,
            },
        ),
        list(rows),
    )


async def change_photos(connection: AsyncConnection, rows: Rows) -> None:
    """Set ``new_state`` (and ``new_reason``) of photos that are known; others are no business."""
    if not rows:
        return
    await connection.execute(
        update(public_photo)
        .where(public_photo.c.photo_id == bindparam("for_photo"))
        .values(
            state=bindparam("new_state"), reason=bindparam("new_reason"), changed_at=bindparam("at")
        ),
        list(rows),
    )


async def change_renditions(connection: AsyncConnection, rows: Rows) -> None:
    """Set ``new_renditions`` of photos whose state stays."""
    if not rows:
        return
    await connection.execute(
        update(public_photo)
        .where(public_photo.c.photo_id == bindparam("for_photo"))
        .values(
            renditions=bindparam("new_renditions", type_=public_photo.c.renditions.type),
            changed_at=bindparam("at"),
        ),
        list(rows),
    )


def entry_id(case_id: UUID, *facts: object) -> UUID:
    """The same id for the same fact, whether it is heard live or in a snapshot."""
    return uuid5(case_id, "/".join(str(fact) for fact in facts))


_said_entry = upsert(timeline_entry)
_ADD_TIMELINE = _said_entry.on_conflict_do_update(
    index_elements=[timeline_entry.c.entry_id],
    set_={"text": _said_entry.excluded.text, "body_name": _said_entry.excluded.body_name},
)


async def add_timeline(connection: AsyncConnection, rows: Rows) -> None:
    """Add entries of the public history; one that is there already is replaced."""
    if not rows:
        return
    full: list[dict[str, Any]] = [
        {"state": None, "body_name": None, "text": None, "data": {}} | row for row in rows
    ]
    await connection.execute(_ADD_TIMELINE, full)


async def find_told_body(connection: AsyncConnection, report_id: UUID) -> str | None:
    """The name of the body that the history names last."""
    told = (
        select(timeline_entry.c.body_name)
        .where(
            timeline_entry.c.report_id == report_id,
            timeline_entry.c.kind.in_(("routed", "handover")),
        )
        .order_by(timeline_entry.c.at.desc())
        .limit(1)
    )
    return (await connection.execute(told)).scalar_one_or_none()


async def add_first_routing(connection: AsyncConnection, rows: Rows) -> None:
    """Add a snapshot's word on who is responsible, unless the view has heard it live before.

    Live entries tell every change; the snapshot knows only the last.
    """
    for row in rows:
        known = select(timeline_entry.c.entry_id).where(
            timeline_entry.c.report_id == row["report_id"], timeline_entry.c.kind == "routed"
        )
        if (await connection.execute(known.limit(1))).first() is None:
            await add_timeline(connection, [row])


async def add_released_photos(connection: AsyncConnection, rows: Rows) -> None:
    """Note when photos were first released (photo_id, report_id, at).

    Whether they still are is public_photo's to say.
    """
    if not rows:
        return
    entries = [
        {
            "entry_id": entry_id(row["photo_id"], "released"),
            "report_id": row["report_id"],
            "at": row["at"],
            "kind": PHOTO,
            "state": None,
            "body_name": None,
            "text": None,
            "data": {"photo_id": str(row["photo_id"])},
        }
        for row in rows
    ]
    await connection.execute(upsert(timeline_entry).on_conflict_do_nothing(), entries)


async def erase_from_view(connection: AsyncConnection, report_id: UUID, at: datetime) -> None:
    """Take every personal text, place and photo out of the view; state and body stay."""
    await connection.execute(
        update(public_report)
        .where(public_report.c.report_id == report_id)
        .values(erased_at=at, text=None, lat=None, long=None, address=None, reason={})
    )
    await connection.execute(
        update(timeline_entry).where(timeline_entry.c.report_id == report_id).values(text=None)
    )
    await connection.execute(delete(public_photo).where(public_photo.c.report_id == report_id))
