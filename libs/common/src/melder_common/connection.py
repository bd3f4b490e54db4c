"""The connection to NATS: made in the background, kept for ever, its loss is nobody's failure."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import structlog
from nats.aio.client import Client

from melder_common.settings import read_secret

PING_S = 10
RECONNECT_WAIT_S = 1
REPEAT_S = 30.0

_log = structlog.get_logger()


class Connection:
    """One client. ``generation`` grows with every (re)connection: what was asked before is gone.

    ``url``: one server, or several of a cluster with commas between; any that answers will do.
    The password is read from its file at every try, so it can be rotated without a restart.
    """

    def __init__(
        self, url: str, *, name: str, user: str | None = None, password_file: Path | None = None
    ) -> None:
        self.client = Client()
        self.generation = 0
        self._url = url
        self._name = name
        self._user = user
        self._password_file = password_file
        self._listeners: list[Callable[[], None]] = []
        self._closing = False
        self._last_error, self._last_error_at = "", 0.0

    def when_connected(self, call: Callable[[], None]) -> None:
        """Have ``call`` called after every (re)connection; it must not wait."""
        self._listeners.append(call)

    async def open(self) -> None:
        """Connect, however long it takes."""
        await self.client.connect(
            self._url.split(","),
            name=self._name,
            user=self._user,
            password=partial(read_secret, self._password_file) if self._password_file else None,
            max_reconnect_attempts=-1,
            reconnect_time_wait=RECONNECT_WAIT_S,
            connect_timeout=3,
            ping_interval=PING_S,
            max_outstanding_pings=2,
            error_cb=self._note_error,
            disconnected_cb=self._note_loss,
            reconnected_cb=self._note_connection,
            closed_cb=self._note_end,
        )
        await self._note_connection()

    async def close(self) -> None:
        """Close it for good, on purpose; one that is being lost just then counts as closed."""
        self._closing = True
        try:
            await self.client.close()
        except OSError as error:
            _log.info("nats_lost_while_closing", reason=type(error).__name__)

    async def _note_connection(self) -> None:
        self.generation += 1
        _log.info("nats_connected", generation=self.generation)
        for call in self._listeners:
            call()

    async def _note_loss(self) -> None:
        if not self._closing:
            _log.warning("nats_disconnected")

    async def _note_error(self, error: Exception) -> None:
        """Log an error; the same one again, as at every try to reconnect, once in half a minute."""
        kind, now = type(error).__name__, time.monotonic()
        if kind != self._last_error or now > self._last_error_at + REPEAT_S:
            self._last_error, self._last_error_at = kind, now
            _log.warning("nats_error", error=kind)

    async def _note_end(self) -> None:
        """The client has given up, which it must not: end, so that a supervisor starts us anew."""
        if self._closing:
            return
        _log.critical("nats_closed")
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0)
