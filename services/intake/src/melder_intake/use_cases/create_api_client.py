"""Give a program the right to post by Open311."""

import secrets

from melder_common.ids import new_id
from melder_common.unit_of_work import UnitOfWork
from melder_intake.store import api_clients

KEY_PREFIX = "melder_"
"""Lets scanners of repositories recognise a key that leaked."""


async def create_api_client(
    unit: UnitOfWork, *, name: str, contact: str | None, requests_per_minute: int
) -> str:
    """Register the client and return its key, which is shown once and not kept."""
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    await api_clients.add_client(
        unit.connection,
        client_id=new_id(),
        name=name,
        contact=contact,
        key=key,
        requests_per_minute=requests_per_minute,
        at=unit.now,
    )
    return key
