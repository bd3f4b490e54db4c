"""Clients of Open311. Their keys are 256 random bits, so a plain SHA-256 keeps them safe."""

import hashlib
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, case, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_intake.domain.api_client import ApiClient, ClientRecord
from melder_intake.domain.quota import RULES
from melder_intake.store.client_tables import api_client, api_client_quota


def hash_of_key(key: str) -> bytes:
    """What is stored of a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


async def add_client(
    connection: AsyncConnection, client: ApiClient, *, key: str, at: datetime, **about: Any
) -> None:
    """Register a client; the key itself is not kept. ``about``: contact, note."""
    row = {
        "client_id": client.client_id,
        "name": client.name,
        "requests_per_minute": client.requests_per_minute,
        "requests_per_day": client.requests_per_day,
        "services": sorted(client.services),
        "peer": client.peer,
        "key_hash": hash_of_key(key),
        "created_at": at,
    }
    await connection.execute(insert(api_client), row | about)


async def find_client(connection: AsyncConnection, key: str, now: datetime) -> ApiClient | None:
    """The client behind a key that is good ``now``: the newest, or the one before it in time."""
    hashed, kept = hash_of_key(key), api_client.c
    in_overlap = and_(kept.previous_key_hash == hashed, kept.previous_key_until > now)
    found = await connection.execute(
        select(api_client).where(
            or_(kept.key_hash == hashed, in_overlap), kept.revoked_at.is_(None)
        )
    )
    row = found.one_or_none()
    return _client(row) if row else None


async def lock_client(connection: AsyncConnection, name: str) -> ClientRecord | None:
    """The client of this name that is not revoked, locked; letter case makes no difference."""
    chosen = select(api_client).where(
        func.lower(api_client.c.name) == name.lower(), api_client.c.revoked_at.is_(None)
    )
    row = (await connection.execute(chosen.with_for_update())).one_or_none()
    return _record(row) if row else None


async def list_clients(connection: AsyncConnection, *, revoked: bool) -> list[ClientRecord]:
    """All clients by name; the revoked ones only when asked for."""
    chosen = select(api_client).order_by(func.lower(api_client.c.name), api_client.c.created_at)
    if not revoked:
        chosen = chosen.where(api_client.c.revoked_at.is_(None))
    return [_record(row) for row in await connection.execute(chosen)]


async def change_client(
    connection: AsyncConnection, client_id: UUID, changes: Mapping[str, Any]
) -> None:
    """Set columns of a client by their names."""
    await connection.execute(
        update(api_client).where(api_client.c.client_id == client_id).values(**changes)
    )


async def replace_key(
    connection: AsyncConnection, client_id: UUID, key: str, *, old_until: datetime, at: datetime
) -> None:
    """Put ``key`` in force; the one before it stays good until ``old_until``."""
    await connection.execute(
        update(api_client)
        .where(api_client.c.client_id == client_id)
        .values(
            previous_key_hash=api_client.c.key_hash,
            previous_key_until=old_until,
            key_hash=hash_of_key(key),
            rotated_at=at,
        )
    )


async def add_used(
    connection: AsyncConnection, client_id: UUID, seconds: Mapping[str, float], now: datetime
) -> dict[str, datetime]:
    """Fill the client's quotas by so many seconds each; until when each is full then.

    A quota that is full for longer than two of its spans was filled before the clock was set back,
    and is empty now.
    """
    full: dict[str, datetime] = {}
    for rule in sorted(seconds):
        more = timedelta(seconds=seconds[rule])
        until = api_client_quota.c.full_until
        longest = now + timedelta(seconds=2 * RULES[rule])
        statement = (
            upsert(api_client_quota)
            .values(client_id=client_id, rule=rule, full_until=now + more)
            .on_conflict_do_update(
                index_elements=[api_client_quota.c.client_id, api_client_quota.c.rule],
                set_={
                    "full_until": case(
                        (until.between(now, longest), until + more), else_=now + more
                    )
                },
            )
            .returning(until)
        )
        full[rule] = (await connection.execute(statement)).scalar_one()
    return full


async def note_used(connection: AsyncConnection, client_id: UUID, day: date) -> None:
    """Remember the last day on which the client sent something; one write a day."""
    await connection.execute(
        update(api_client)
        .where(api_client.c.client_id == client_id, api_client.c.last_used_on.is_distinct_from(day))
        .values(last_used_on=day)
    )


def _client(row: Row[Any]) -> ApiClient:
    return ApiClient(
        row.client_id,
        row.name,
        row.requests_per_minute,
        row.requests_per_day,
        frozenset(row.services),
        row.peer,
    )


def _record(row: Row[Any]) -> ClientRecord:
    return ClientRecord(
        client=_client(row),
        contact=row.contact,
        note=row.note,
        created_at=row.created_at,
        rotated_at=row.rotated_at,
        previous_key_until=row.previous_key_until,
        revoked_at=row.revoked_at,
        last_used_on=row.last_used_on,
    )
