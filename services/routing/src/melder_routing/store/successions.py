"""Bodies that go over into others: what belonged to the one belongs to the other (by slug)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_routing.domain.region_plan import Succession
from melder_routing.store.case_tables import case, case_text
from melder_routing.store.cases import CASE_COLUMNS, with_bodies
from melder_routing.store.region_tables import body


async def find_succession_pair(
    connection: AsyncConnection, old: str, new: str
) -> dict[str, str | None]:
    """Those of the two bodies that exist, each with who succeeded it already."""
    heir = body.alias("heir")
    chosen = (
        select(body.c.slug, heir.c.slug.label("heir"))
        .outerjoin(heir, heir.c.id == body.c.succeeded_by)
        .where(body.c.slug.in_([old, new]))
    )
    return {row.slug: row.heir for row in await connection.execute(chosen)}


_NOTE = """
    UPDATE routing.body SET succeeded_by = heir.id, succeeded_on = :on
    FROM routing.body AS heir WHERE body.slug = :old AND heir.slug = :new
"""
_FORMER_HEIRS = """
    UPDATE routing.body SET succeeded_by = heir.id
    FROM routing.body AS old, routing.body AS heir
    WHERE old.slug = :old AND heir.slug = :new AND body.succeeded_by = old.id
"""
_QUEUES = """
    UPDATE routing.body_queue AS kept SET body_id = heir.id
    FROM routing.body AS old, routing.body AS heir
    WHERE old.slug = :old AND heir.slug = :new AND kept.body_id = old.id
      AND NOT EXISTS (
        SELECT FROM routing.body_queue AS own WHERE own.body_id = heir.id
          AND own.category_id IS NOT DISTINCT FROM kept.category_id
          AND own.category_group IS NOT DISTINCT FROM kept.category_group)
"""
_LEFT_QUEUES = """
    DELETE FROM routing.body_queue USING routing.body AS old
    WHERE old.slug = :old AND body_queue.body_id = old.id
"""
_ROLES = """
    INSERT INTO routing.clerk_role (clerk_id, body, queue, role)
    SELECT clerk_id, :new, queue, role FROM routing.clerk_role WHERE body = :old
    ON CONFLICT DO NOTHING
"""
_QUEUE_ROLES = """
    INSERT INTO routing.clerk_role (clerk_id, body, queue, role)
    SELECT role.clerk_id, :new, into_queue.slug, role.role
    FROM routing.clerk_role AS role
    JOIN routing.body AS heir ON heir.slug = :new
    JOIN routing.body_queue AS serves ON serves.body_id = heir.id
    JOIN routing.queue AS into_queue ON into_queue.id = serves.queue_id
    WHERE role.body = :new AND role.queue IS NOT NULL
      AND role.clerk_id IN (SELECT clerk_id FROM routing.clerk_role WHERE body = :old)
    ON CONFLICT DO NOTHING
"""
_OLD_ROLES = "DELETE FROM routing.clerk_role WHERE body = :old"
_PARENTS = """
    UPDATE routing.body SET parent_id = heir.id
    FROM routing.body AS old, routing.body AS heir
    WHERE old.slug = :old AND heir.slug = :new AND body.parent_id = old.id AND body.id <> heir.id
"""
_NOTICE = "UPDATE routing.region SET rules_version = rules_version + 1"


async def pass_queues_and_rights(connection: AsyncConnection, old: str, new: str, on: date) -> None:
    """Note the succession; queues, clerks' roles and members pass to ``new``.

    What ``old`` had inherited itself passes on too, so that one look always finds the successor.
    Of two queues for the same the successor's own one counts.
    """
    parties = {"old": old, "new": new}
    await connection.execute(text(_NOTE), {**parties, "on": on})
    await connection.execute(text(_FORMER_HEIRS), parties)
    await _pass_rights(connection, old, new)
    await connection.execute(text(_NOTICE))


async def list_successions(connection: AsyncConnection) -> list[Succession]:
    """Every body that has ended, with its successor, by slug."""
    heir = body.alias("heir")
    chosen = (
        select(body.c.slug, heir.c.slug.label("heir"), body.c.succeeded_on)
        .join(heir, heir.c.id == body.c.succeeded_by)
        .order_by(body.c.slug)
    )
    return [Succession(*row) for row in await connection.execute(chosen)]


async def keep_successions(connection: AsyncConnection) -> None:
    """Pass on what a region file gave to bodies that have ended: queues, clerks, members."""
    for ended in await list_successions(connection):
        await _pass_rights(connection, ended.old, ended.heir)


async def _pass_rights(connection: AsyncConnection, old: str, new: str) -> None:
    parties = {"old": old, "new": new}
    for statement in (_QUEUES, _ROLES, _QUEUE_ROLES, _PARENTS):
        await connection.execute(text(statement), parties)
    for statement in (_LEFT_QUEUES, _OLD_ROLES):
        await connection.execute(text(statement), {"old": old})


async def lock_cases_of(
    connection: AsyncConnection, slug: str, after: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """The next cases by id, open or closed, that a body has, works on, or sees as a candidate."""
    theirs = or_(
        case.c.responsible == slug,
        case.c.working == slug,
        case.c.candidates.contains([slug]),
        case.c.informed.contains([slug]),
    )
    chosen = select(case.c.id, case.c.version, case.c.category).where(theirs)
    if after is not None:
        chosen = chosen.where(case.c.id > after)
    ordered = chosen.order_by(case.c.id).limit(limit)
    return list(await connection.execute(ordered.with_for_update()))


_PASS = text(
    """
    UPDATE routing."case" AS kept SET
        responsible = CASE WHEN responsible = :old THEN :new ELSE responsible END,
        working = CASE WHEN working = :old THEN :new ELSE working END,
        queue = CASE WHEN working = :old THEN coalesce(own.queue, kept.queue) ELSE kept.queue END,
        candidates = CASE WHEN :new IN (responsible, working)
            THEN array_remove(array_remove(candidates, :old), :new)
            ELSE array_remove(array_replace(candidates, :old, :new),
                CASE WHEN :old IN (responsible, working) THEN :new END) END,
        informed = array_replace(informed, :old, :new),
        former = CASE WHEN :old IN (responsible, working)
            THEN array_remove(former, :old) || CAST(:old AS text) ELSE former END,
        version = version + 1, changed_at = :now
    FROM (
        SELECT one.id, (
            SELECT queue.slug FROM routing.body_queue AS serves
            JOIN routing.queue ON queue.id = serves.queue_id
            JOIN routing.body AS heir ON heir.id = serves.body_id AND heir.slug = :new
            LEFT JOIN routing.category ON category.slug = one.category
            WHERE serves.category_id = category.id
               OR (serves.category_id IS NULL AND serves.category_group = category.group_slug)
               OR (serves.category_id IS NULL AND serves.category_group IS NULL)
            ORDER BY serves.category_id IS NULL, serves.category_group IS NULL LIMIT 1
        ) AS queue
        FROM routing."case" AS one WHERE one.id = ANY (CAST(:ids AS uuid[]))
    ) AS own
    WHERE kept.id = own.id
    """
)


async def pass_cases(
    connection: AsyncConnection, case_ids: Sequence[UUID], old: str, new: str, now: datetime
) -> Sequence[Row[Any]]:
    """Let ``new`` stand wherever ``old`` stood in these cases; them as they are then.

    They lie in the queue that the successor has for their category; states and claims stay.
    """
    values = {"old": old, "new": new, "now": now, "ids": list(case_ids)}
    await connection.execute(_PASS, values)
    chosen = with_bodies(select(*CASE_COLUMNS, case_text.c.public_text).select_from(case))
    chosen = chosen.outerjoin(case_text, case_text.c.case_id == case.c.id)
    return list(await connection.execute(chosen.where(case.c.id.in_(case_ids))))
