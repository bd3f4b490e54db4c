"""The way to PostgreSQL: one engine per service, with deadlines that end half-open connections."""

import asyncio
import errno
import socket
import time
from pathlib import Path
from typing import Any

import orjson
from asyncpg import InterfaceError as AsyncpgInterfaceError
from asyncpg import PostgresError
from sqlalchemy import event
from sqlalchemy.exc import (
    DBAPIError,
    DisconnectionError,
    InterfaceError,
    InvalidatePoolError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from melder_common.settings import read_secret

CONNECT_TIMEOUT_S = 5
COMMAND_TIMEOUT_S = 20
POOL_TIMEOUT_S = 10
RESTED_S = 1.0
"""A connection that has rested longer is asked whether it still answers before it is used."""
ANSWER_TIMEOUT_S = 2
UNACKNOWLEDGED_MS = 10_000
"""How long sent data may stay unacknowledged before the kernel ends the connection."""

SERVER_SETTINGS = {
    "statement_timeout": "15s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": str(UNACKNOWLEDGED_MS),
    "jit": "off",
    "timezone": "UTC",
}

_USED_AT = "melder_used_at"
_AWAY_CLASSES = ("08", "53", "57P", "58")
"""SQLSTATE: connection, resources (disk full, too many), operator intervention, system error."""
_BUSY_STATES = frozenset({"40001", "40P01", "55P03", "57014", "25P03"})
"""SQLSTATE: serialisation, deadlock, lock timeout, statement cancelled, idle transaction ended."""
_NETWORK_ERRNOS = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ETIMEDOUT, errno.ECONNREFUSED, None}
)
"""None: asyncio's "multiple exceptions", after trying every address of a name."""
_EXHAUSTED_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE})
"""Our own machine has no room for a temporary file, or no descriptor left."""


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


def make_engine(
    url: str,
    *,
    password_file: Path | None = None,
    application_name: str,
    pool_size: int = 8,
    command_timeout_s: float | None = None,
) -> AsyncEngine:
    """An engine on ``url`` (postgresql+asyncpg://user@host/db).

    The password is read from its file at every connect, so it can be rotated without a restart.
    A request waits ``POOL_TIMEOUT_S`` for a free connection. Lost connections are noticed before
    use: a closed one always, a silent one when it has rested for ``RESTED_S`` (asking every time,
    as SQLAlchemy's ``pool_pre_ping`` does, costs three round trips per unit of work).
    ``command_timeout_s``: longer only for an operator's commands; the server gives up 5 s earlier.
    """
    connect_args: dict[str, Any] = {
        "timeout": CONNECT_TIMEOUT_S,
        "command_timeout": command_timeout_s or COMMAND_TIMEOUT_S,
        "server_settings": {**SERVER_SETTINGS, "application_name": application_name[:63]},
    }
    if command_timeout_s is not None:
        connect_args["server_settings"]["statement_timeout"] = f"{command_timeout_s - 5:g}s"
    if password_file is not None:
        connect_args["password"] = lambda: read_secret(password_file)
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        pool_use_lifo=True,
        hide_parameters=True,
        json_serializer=_dumps,
        json_deserializer=orjson.loads,
        connect_args=connect_args,
    )
    event.listen(engine.sync_engine, "connect", _guard_socket)
    event.listen(engine.sync_engine, "checkin", _note_use)
    event.listen(engine.sync_engine, "checkout", _look_before_use)
    return engine


def _note_use(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info[_USED_AT] = time.monotonic()


def _look_before_use(connection: Any, record: ConnectionPoolEntry, _fairy: Any) -> None:
    """Have the pool connect anew when this connection is gone. Raises DisconnectionError."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError("the connection was closed while it rested")
    used_at = record.info.get(_USED_AT)
    if used_at is None or time.monotonic() - used_at < RESTED_S:
        return
    try:
        connection.run_async(lambda driver: driver.execute("SELECT", timeout=ANSWER_TIMEOUT_S))
    except (PostgresError, AsyncpgInterfaceError, OSError, AttributeError) as error:
        # TimeoutError is an OSError; asyncpg loses its protocol when it is closed meanwhile, and
        # answers an empty query with an AttributeError too: that is why a whole word is asked
        raise InvalidatePoolError("a rested connection does not answer") from error


def _guard_socket(connection: Any, _record: Any) -> None:
    """Let the kernel end a connection whose other side has gone without a word."""
    raw = connection.driver_connection._transport.get_extra_info("socket")  # noqa: SLF001 (asyncpg has no public way to its socket)
    if raw is None or raw.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        ("TCP_KEEPIDLE", 10),
        ("TCP_KEEPINTVL", 5),
        ("TCP_KEEPCNT", 3),
        ("TCP_USER_TIMEOUT", UNACKNOWLEDGED_MS),
    ):
        if hasattr(socket, option):
            raw.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def sqlstate_of(error: BaseException) -> str | None:
    """PostgreSQL's five-character error code, wherever the drivers have put it."""
    seen: BaseException | None = error
    while seen is not None:
        state = getattr(seen, "sqlstate", None)
        if isinstance(state, str):
            return state
        seen = getattr(seen, "orig", None) or seen.__cause__
    return None


def is_disconnect(error: BaseException) -> bool:
    """Whether the connection was lost or never came: nothing can be known about a commit."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if isinstance(error, ConnectionError | asyncio.IncompleteReadError | socket.gaierror):
        return True
    if isinstance(error, OSError) and not isinstance(error, TimeoutError):
        return error.errno in _NETWORK_ERRNOS
    state = sqlstate_of(error)
    if state is not None:
        return state.startswith(("08", "57P"))
    return isinstance(error, InterfaceError)


def is_unavailable(error: BaseException) -> bool:
    """Whether trying again later may help: away, overloaded, out of space, or a lost race."""
    if is_disconnect(error) or isinstance(error, PoolTimeoutError | TimeoutError):
        return True
    if isinstance(error, OSError) and error.errno in _EXHAUSTED_ERRNOS:
        return True
    state = sqlstate_of(error) or ""
    return state.startswith(_AWAY_CLASSES) or state in _BUSY_STATES


def is_bad_data(error: BaseException) -> bool:
    """Whether PostgreSQL refused a value (SQLSTATE class 22): a check before it was missing."""
    return (sqlstate_of(error) or "").startswith("22")
