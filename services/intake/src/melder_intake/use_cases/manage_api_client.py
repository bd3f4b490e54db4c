"""Give a program the right to post by Open311, change it, renew its key, end it."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from melder_common.ids import new_id
from melder_common.text import TextRefused, clean_text
from melder_common.unit_of_work import UnitOfWork
from melder_intake.domain.api_client import KEY_PREFIX, ApiClient, ClientRecord, ClientRefused
from melder_intake.store import api_clients
from melder_intake.store.catalogue import list_category_slugs

LONGEST_OVERLAP = timedelta(days=366)


async def create_api_client(
    unit: UnitOfWork,
    *,
    name: str,
    requests_per_minute: int,
    requests_per_day: int | None = None,
    services: Iterable[str] = (),
    peer: bool = False,
    contact: str | None = None,
    note: str | None = None,
) -> str:
    """Register the client and return its key, which is shown once and not kept.

    Raises ClientRefused for a name that is taken or no name, and for unknown services.
    """
    called = _line("name", name)
    if await api_clients.lock_client(unit.connection, called):
        raise ClientRefused(
            f"there is a client “{called}” already: choose another name, or renew its key with "
            "`melder api-key rotate`"
        )
    client = ApiClient(
        new_id(),
        called,
        requests_per_minute,
        requests_per_day,
        await _known_services(unit, services),
        peer,
    )
    key = _new_key()
    about = {"contact": contact, "note": note}
    await api_clients.add_client(unit.connection, client, key=key, at=unit.now, **about)
    return key


async def rotate_key(
    unit: UnitOfWork, name: str, *, overlap: timedelta, end_previous: bool = False
) -> tuple[str, datetime]:
    """A new key for the client; the present one stays good for ``overlap``. Returns key and end.

    Raises ClientRefused for an unknown name, an overlap that is none, and while the overlap before
    is still running, unless ``end_previous`` ends the oldest key at once.
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise ClientRefused(f"an overlap of {overlap.days} days: choose 0 to 366")
    record = await require_client(unit, name)
    running = record.old_key_good_until(unit.now)
    if running and not end_previous:
        raise ClientRefused(
            f"two keys of “{record.client.name}” are good until {running:%Y-%m-%d %H:%M} UTC: "
            "wait for it, or end the older one now with --end-previous"
        )
    key, until = _new_key(), unit.now + overlap
    await api_clients.replace_key(
        unit.connection, record.client.client_id, key, old_until=until, at=unit.now
    )
    return key, until


async def change_api_client(unit: UnitOfWork, name: str, changes: Mapping[str, Any]) -> None:
    """Set contact, note, requests_per_minute, requests_per_day, services or peer.

    Raises ClientRefused for an unknown name, unknown services, and when there is nothing to change.
    """
    if not changes:
        raise ClientRefused("nothing to change: name at least one option")
    record = await require_client(unit, name)
    values = dict(changes)
    if "services" in values:
        values["services"] = sorted(await _known_services(unit, values["services"]))
    await api_clients.change_client(unit.connection, record.client.client_id, values)


async def revoke_api_client(unit: UnitOfWork, name: str) -> UUID:
    """End every key of the client at once. Raises ClientRefused for an unknown name."""
    record = await require_client(unit, name)
    ended = {"revoked_at": unit.now}
    await api_clients.change_client(unit.connection, record.client.client_id, ended)
    return record.client.client_id


async def require_client(unit: UnitOfWork, name: str) -> ClientRecord:
    """The client of this name. Raises ClientRefused, naming those there are."""
    record = await api_clients.lock_client(unit.connection, name.strip())
    if record is None:
        known = await api_clients.list_clients(unit.connection, revoked=False)
        names = ", ".join(f"“{one.client.name}”" for one in known[:20]) or "none yet"
        raise ClientRefused(f"there is no client “{name}”; there are: {names}")
    return record


async def _known_services(unit: UnitOfWork, services: Iterable[str]) -> frozenset[str]:
    """Before the catalogue is known every code is taken, so that keys can be made at set-up."""
    wanted = frozenset(code.strip() for code in services if code.strip())
    known = await list_category_slugs(unit.connection)
    unknown = sorted(wanted - known) if known else []
    if unknown:
        raise ClientRefused(
            f"there is no service {', '.join(unknown)}; see /open311/v2/services.json"
        )
    return wanted


def _line(field: str, value: str) -> str:
    try:
        line = clean_text(value, max_length=100)
    except TextRefused as refused:
        raise ClientRefused(f"the {field} {refused}") from None
    if not line:
        raise ClientRefused(f"the {field} is empty: clerks read it as the sender")
    return line


def _new_key() -> str:
    return KEY_PREFIX + secrets.token_urlsafe(32)
