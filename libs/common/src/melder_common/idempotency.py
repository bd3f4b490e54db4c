"""Doing a thing once though it was asked twice: the key and what it made, in one transaction."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from melder_common.unit_of_work import UnitOfWork

KEPT_FOR = timedelta(days=14)

_KEY = re.compile(r"[\x21-\x7e]{1,200}")


class KeyReused(Exception):
    """The same key came with other content: a mistake of the client (409; Open311: 400)."""


class KeyRefused(ValueError):
    """An ``Idempotency-Key`` that cannot be kept: 1 to 200 visible ASCII characters are needed."""


def check_key(key: str) -> str:
    """``key`` as it may be kept. Raises KeyRefused."""
    if not _KEY.fullmatch(key):
        raise KeyRefused("an idempotency key has 1 to 200 visible ASCII characters")
    return key


async def remember(
    unit: UnitOfWork, *, scope: str, key: str, content_hash: bytes, object_id: UUID
) -> UUID:
    """The id of what this key made: ``object_id`` the first time, the first one ever after.

    ``scope`` = client + route (at most 120 characters). A twin that comes while the first is still
    open waits for its end. Raises KeyReused for other content and KeyRefused for a key that
    cannot be kept.
    """
    table = unit.tables.idempotency_key
    values = {"content_hash": content_hash, "object_id": object_id}
    values["kept_until"] = unit.now + KEPT_FOR
    claim = insert(table).values(scope=scope, key=check_key(key), **values)
    claimed = await unit.connection.execute(
        claim.on_conflict_do_update(
            index_elements=[table.c.scope, table.c.key],
            set_=values,
            where=table.c.kept_until <= unit.now,
        ).returning(table.c.object_id)
    )
    if claimed.first() is not None:
        return object_id
    first = (
        await unit.connection.execute(
            select(table.c.content_hash, table.c.object_id).where(
                table.c.scope == scope, table.c.key == key
            )
        )
    ).one()
    if bytes(first.content_hash) != content_hash:
        raise KeyReused("this idempotency key was already used for other content")
    return UUID(str(first.object_id))


async def forget_expired(unit: UnitOfWork) -> int:
    """Delete the keys whose time is over; returns how many. For a daily timer."""
    table = unit.tables.idempotency_key
    result = await unit.connection.execute(table.delete().where(table.c.kept_until <= unit.now))
    return int(result.rowcount)


def content_hash(fields: Mapping[str, Any]) -> bytes:
    """SHA-256 over the canonical form of ``fields``.

    Order, absent or None fields, NFC and CR LF, tuple or list, 1 or 1.0 make no difference.
    """
    return hashlib.sha256(orjson.dumps(_canonical(fields), option=orjson.OPT_SORT_KEYS)).digest()


def _canonical(value: Any) -> Any:
    match value:
        case Enum():
            plain = _canonical(value.value)
        case bool() | None:
            plain = value
        case str():
            plain = unicodedata.normalize("NFC", value.replace("\r\n", "\n"))
        case int() | float():
            plain = repr(int(value)) if float(value).is_integer() else repr(float(value))
        case bytes():
            plain = {"bytes": hashlib.sha256(value).hexdigest()}
        case UUID() | date():
            plain = str(value)
        case Mapping():
            given = ((str(name), inner) for name, inner in value.items() if inner is not None)
            plain = {_canonical(name): _canonical(inner) for name, inner in given}
        case Sequence():
            plain = [_canonical(inner) for inner in value]
        case _:
            raise TypeError(f"cannot hash a {type(value).__name__}: pass plain values")
    return plain
