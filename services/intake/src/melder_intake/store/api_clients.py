"""Clients of Open311. Their keys are 256 random bits, so a plain SHA-256 keeps them safe."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_intake.store.tables import api_client


@dataclass(frozen=True, slots=True)
class ApiClient:
    """Who may post, and how often."""

    client_id: UUID
    name: str
    requests_per_minute: int


def hash_of_key(key: str) -> bytes:
    """What is stored of a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


async def add_client(
    connection: AsyncConnection,
    *,
    client_id: UUID,
    name: str,
    contact: str | None,
    key: str,
    requests_per_minute: int,
    at: datetime,
) -> None:
    """Register a client; the key itself is not kept."""
    await connection.execute(
        insert(api_client),
        {
            "client_id": client_id,
            "name": name,
            "contact": contact,
            "key_hash": hash_of_key(key),
            "requests_per_minute": requests_per_minute,
            "created_at": at,
        },
    )


async def find_client(connection: AsyncConnection, key: str) -> ApiClient | None:
    """The client behind a key that is not revoked."""
    found = (
        await connection.execute(
            select(api_client).where(
                api_client.c.key_hash == hash_of_key(key), api_client.c.revoked_at.is_(None)
            )
        )
    ).one_or_none()
    if found is None:
        return None
    return ApiClient(found.client_id, found.name, found.requests_per_minute)


async def revoke_clients(connection: AsyncConnection, name: str, at: datetime) -> int:
    """End every key of the client ``name``; returns how many."""
    done = await connection.execute(
        update(api_client)
        .where(api_client.c.name == name, api_client.c.revoked_at.is_(None))
        .values(revoked_at=at)
    )
    return int(done.rowcount)
