"""Sessions and failed sign-ins. Tokens and addresses are kept as hashes only."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_routing.domain.sign_in import IDLE, LONGEST, NOTED_EVERY, WINDOW
from melder_routing.store.case_tables import login_failure, session


def new_session_token() -> str:
    """256 random bits, URL-safe: what the cookie holds."""
    return secrets.token_urlsafe(32)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()


async def add_session(
    connection: AsyncConnection, token: str, clerk_id: UUID, now: datetime
) -> None:
    """Begin a session."""
    await connection.execute(
        insert(session).values(
            token_hash=_hash(token),
            clerk_id=clerk_id,
            created_at=now,
            seen_at=now,
            expires_at=now + LONGEST,
        )
    )


async def find_session(connection: AsyncConnection, token: str, now: datetime) -> UUID | None:
    """The clerk of a live session; its use is noted every few minutes."""
    columns = (session.c.clerk_id, session.c.seen_at)
    alive = (session.c.expires_at > now, session.c.seen_at > now - IDLE)
    chosen = select(*columns).where(session.c.token_hash == _hash(token), *alive)
    row = (await connection.execute(chosen)).first()
    if row is None:
        return None
    if now - row.seen_at > NOTED_EVERY:
        used = update(session).where(session.c.token_hash == _hash(token))
        await connection.execute(used.values(seen_at=now))
    clerk_id: UUID = row.clerk_id
    return clerk_id


async def drop_session(connection: AsyncConnection, token: str) -> None:
    """End a session; nothing happens when there is none."""
    await connection.execute(delete(session).where(session.c.token_hash == _hash(token)))


async def drop_dead_sessions(connection: AsyncConnection, now: datetime) -> None:
    """Forget sessions that cannot be used any more."""
    dead = (session.c.expires_at <= now) | (session.c.seen_at <= now - IDLE)
    await connection.execute(delete(session).where(dead))


async def count_failures(
    connection: AsyncConnection, *, login_hash: bytes, address_hash: bytes, now: datetime
) -> tuple[int, int]:
    """Failures within the window by login and by address; older ones are forgotten for good."""
    since = now - WINDOW
    await connection.execute(delete(login_failure).where(login_failure.c.failed_at < since))
    chosen = select(
        func.count().filter(login_failure.c.login_hash == login_hash),
        func.count().filter(login_failure.c.address_hash == address_hash),
    )
    by_login, by_address = (await connection.execute(chosen)).one()
    return int(by_login), int(by_address)


async def add_failure(
    connection: AsyncConnection, *, login_hash: bytes, address_hash: bytes, now: datetime
) -> None:
    """Count a try as failed until it has succeeded, so that many at once count as well."""
    values = {"login_hash": login_hash, "address_hash": address_hash, "failed_at": now}
    await connection.execute(insert(login_failure).values(values))


async def forgive(connection: AsyncConnection, login_hashes: Sequence[bytes]) -> None:
    """Forget the failures of logins that have succeeded."""
    await connection.execute(
        delete(login_failure).where(login_failure.c.login_hash.in_(login_hashes))
    )
