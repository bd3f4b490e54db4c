"""Clerks and their roles."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_routing.domain.clerk import Role, Scope, scope_of
from melder_routing.store.case_tables import clerk, clerk_role, session
from melder_routing.store.region_tables import body


@dataclass(frozen=True, slots=True)
class Clerk:
    """A signed-in clerk: how the header names him, and the scope of what he sees."""

    clerk_id: UUID
    name: str
    function: str
    body: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class Account:
    """What signing in needs of a clerk."""

    clerk_id: UUID
    password_hash: str | None
    active: bool


def clerk_id_of(login: str) -> UUID:
    """The id follows from the login, so that every apply finds the same clerk."""
    return uuid5(NAMESPACE_URL, f"clerk:{login.lower()}")


async def find_account(connection: AsyncConnection, login: str) -> Account | None:
    """The account of a login name, in whatever case it was typed."""
    columns = (clerk.c.id, clerk.c.password_hash, clerk.c.active)
    row = (await connection.execute(select(*columns).where(clerk.c.login == login.lower()))).first()
    return Account(*row) if row else None


async def get_clerk(connection: AsyncConnection, clerk_id: UUID) -> Clerk | None:
    """An active clerk with his scope; none when he is gone or has no role any more."""
    columns = (clerk.c.name, clerk.c.function, clerk_role.c.body, body.c.name.label("body_name"))
    chosen = (
        select(*columns, clerk_role.c.queue, clerk_role.c.role)
        .join_from(clerk, clerk_role, clerk_role.c.clerk_id == clerk.c.id)
        .join(body, body.c.slug == clerk_role.c.body)
        .where(clerk.c.id == clerk_id, clerk.c.active)
        .order_by(clerk_role.c.id)
    )
    rows = (await connection.execute(chosen)).all()
    if not rows:
        return None
    first = rows[0]
    roles = [Role(row.body, row.queue, row.role) for row in rows]
    members = await list_members(connection, {role.body for role in roles})
    scope = scope_of(clerk_id, first.name, roles, members)
    return Clerk(clerk_id, first.name, first.function or "", first.body_name, scope)


async def list_members(connection: AsyncConnection, bodies: Iterable[str]) -> frozenset[str]:
    """The Gemeinden for which these bodies do the work, where they are a Verband."""
    member = body.alias("member")
    chosen = (
        select(member.c.slug)
        .join(body, body.c.id == member.c.parent_id)
        .where(body.c.slug.in_(sorted(bodies)), body.c.kind == "verband")
    )
    return frozenset((await connection.scalars(chosen)).all())


async def list_colleagues(connection: AsyncConnection, scope: Scope) -> dict[UUID, str]:
    """The names of clerks who share a body with this one: staff names leave no body."""
    chosen = (
        select(clerk.c.id, clerk.c.name)
        .join(clerk_role, clerk_role.c.clerk_id == clerk.c.id)
        .where(clerk_role.c.body.in_(sorted(scope.border_bodies)))
        .distinct()
    )
    return {row.id: row.name for row in await connection.execute(chosen)}


async def list_password_hashes(connection: AsyncConnection) -> dict[str, str | None]:
    """The stored hash of every login."""
    rows = await connection.execute(select(clerk.c.login, clerk.c.password_hash))
    return {row.login: row.password_hash for row in rows}


async def put_accounts(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Insert or change accounts by login."""
    statement = upsert(clerk)
    changed = {
        name: statement.excluded[name] for name in ("name", "function", "password_hash", "active")
    }
    if rows:
        await connection.execute(
            statement.on_conflict_do_update(index_elements=["id"], set_=changed), rows
        )


async def put_roles(
    connection: AsyncConnection, clerk_ids: Sequence[UUID], rows: Sequence[dict[str, Any]]
) -> None:
    """Give these clerks exactly these roles."""
    await connection.execute(delete(clerk_role).where(clerk_role.c.clerk_id.in_(clerk_ids)))
    if rows:
        await connection.execute(insert(clerk_role), rows)


async def retire_others(connection: AsyncConnection, kept: Sequence[UUID]) -> None:
    """Shut out every clerk that is not named any more, also where he is signed in right now."""
    gone = clerk.c.id.not_in(kept)
    await connection.execute(update(clerk).where(gone).values(active=False))
    gone_ids = select(clerk.c.id).where(gone)
    await connection.execute(delete(session).where(session.c.clerk_id.in_(gone_ids)))
