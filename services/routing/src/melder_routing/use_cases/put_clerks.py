"""Let the clerks be exactly those the region names."""

from collections.abc import Sequence
from typing import Any

from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.clerk import ClerkEntry
from melder_routing.store.clerks import (
    clerk_id_of,
    list_password_hashes,
    put_accounts,
    put_roles,
    retire_others,
)
from melder_routing.store.passwords import hash_password, is_password


async def put_clerks(unit: UnitOfWork, clerks: Sequence[ClerkEntry]) -> None:
    """Add and change ``clerks``; shut out all others. Bodies and queues must exist already.

    An empty password leaves the present one as it is; the same one is not hashed again.
    """
    stored = await list_password_hashes(unit.connection)
    accounts = [await _account(entry, stored.get(entry.user.lower())) for entry in clerks]
    await put_accounts(unit.connection, accounts)
    ids = [clerk_id_of(entry.user) for entry in clerks]
    await put_roles(unit.connection, ids, [row for entry in clerks for row in _roles(entry)])
    await retire_others(unit.connection, ids)


async def _account(entry: ClerkEntry, stored: str | None) -> dict[str, Any]:
    password_hash = stored
    if entry.password and not await is_password(entry.password, stored):
        password_hash = await hash_password(entry.password)
    return {
        "id": clerk_id_of(entry.user),
        "login": entry.user.lower(),
        "name": entry.name,
        "function": entry.function,
        "password_hash": password_hash,
        "active": True,
    }


def _roles(entry: ClerkEntry) -> list[dict[str, Any]]:
    return [
        {"clerk_id": clerk_id_of(entry.user), "body": entry.body, "queue": queue, "role": role}
        for role in entry.roles
        for queue in entry.queues or (None,)
    ]
