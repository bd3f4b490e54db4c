"""The way out: an SMTP server, with deadlines, kept connections and honest answers."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import aiosmtplib
import structlog

from melder_common.settings import read_secret
from melder_notify.domain.addresses import MailAddress

_log = structlog.get_logger("melder.notify.mail")


class MailDelayed(Exception):
    """Not now: the server is away, slow, or says 4xx. ``reason`` is a code, fit for logs."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MailRefused(Exception):
    """Never: the server refuses this recipient or this mail for good (5xx)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where the server is and how to speak to it."""

    host: str
    port: int
    tls: Literal["none", "starttls", "tls"] = "starttls"
    user: str | None = None
    password_file: Path | None = None


class MailServer:
    """Sends mails over at most ``connections`` connections, which are kept for a while.

    Each mail is bounded by ``deadline_s`` seconds. After the server could not be reached, sending
    fails at once for ``rest_s`` seconds, so that a thousand waiting mails do not wait in turn.
    """

    def __init__(
        self,
        address: ServerAddress,
        *,
        connections: int = 4,
        deadline_s: float = 20,
        idle_s: float = 20,
        rest_s: float = 3,
    ) -> None:
        self._address = address
        self._deadline_s = deadline_s
        self._idle_s = idle_s
        self._rest_s = rest_s
        self._slots = asyncio.Semaphore(connections)
        self._idle: list[tuple[float, aiosmtplib.SMTP]] = []
        self._resting_until = 0.0

    async def send(self, sender: str, recipient: MailAddress, mail: bytes) -> None:
        """Hand one mail over; returns after the server's 250. Raises MailDelayed, MailRefused."""
        if time.monotonic() < self._resting_until:
            raise MailDelayed("server_resting")
        try:
            async with asyncio.timeout(self._deadline_s), self._connection() as connection:
                await _deliver(connection, sender, recipient, mail)
        except TimeoutError as error:
            self._rest()
            raise MailDelayed("deadline") from error
        except (aiosmtplib.SMTPException, OSError) as error:
            self._rest()
            raise MailDelayed(f"unreachable_{type(error).__name__}") from error

    async def close(self) -> None:
        """Say goodbye on the connections that are kept."""
        kept, self._idle = self._idle, []
        for _, connection in kept:
            await _leave(connection)

    def _rest(self) -> None:
        self._resting_until = time.monotonic() + self._rest_s

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[aiosmtplib.SMTP]:
        async with self._slots:
            connection = await self._kept() or await self._new()
            try:
                yield connection
            except (MailDelayed, MailRefused):
                self._keep(connection)
                raise
            except BaseException:
                connection.close()
                raise
            self._keep(connection)

    def _keep(self, connection: aiosmtplib.SMTP) -> None:
        self._idle.append((time.monotonic(), connection))

    async def _kept(self) -> aiosmtplib.SMTP | None:
        while self._idle:
            since, connection = self._idle.pop()
            if connection.is_connected and time.monotonic() - since < self._idle_s:
                try:
                    await connection.rset()
                except (aiosmtplib.SMTPException, OSError):
                    connection.close()
                else:
                    return connection
            connection.close()
        return None

    async def _new(self) -> aiosmtplib.SMTP:
        address = self._address
        connection = aiosmtplib.SMTP(
            hostname=address.host,
            port=address.port,
            use_tls=address.tls == "tls",
            start_tls=address.tls == "starttls",
            tls_context=None if address.tls == "none" else ssl.create_default_context(),
            timeout=self._deadline_s,
        )
        try:
            await connection.connect()
            await connection.ehlo()
            if address.user and address.password_file:
                await connection.login(address.user, read_secret(address.password_file))
        except aiosmtplib.SMTPResponseException as error:
            connection.close()
            self._rest()
            _log.warning("mail server refuses us", host=address.host, code=error.code)
            raise MailDelayed(f"not_let_in_{error.code}") from error
        except BaseException:
            connection.close()
            raise
        return connection


async def _deliver(
    connection: aiosmtplib.SMTP, sender: str, recipient: MailAddress, mail: bytes
) -> None:
    """One transaction (RFC 5321 §3.3). What concerns us, not the recipient, is only a delay."""
    options = []
    if recipient.needs_smtputf8:
        if not connection.supports_extension("smtputf8"):
            raise MailRefused("server_without_smtputf8")
        options = ["SMTPUTF8", "BODY=8BITMIME"]
    try:
        await connection.mail(sender, options=options, encoding="utf-8")
    except aiosmtplib.SMTPResponseException as error:
        raise MailDelayed(f"sender_refused_{error.code}") from error
    try:
        await connection.rcpt(str(recipient), encoding="utf-8")
        await connection.data(mail)
    except aiosmtplib.SMTPResponseException as error:
        if error.code >= 500:
            raise MailRefused(f"refused_{error.code}") from error
        raise MailDelayed(f"delayed_{error.code}") from error


async def _leave(connection: aiosmtplib.SMTP) -> None:
    try:
        async with asyncio.timeout(2):
            await connection.quit()
    except (aiosmtplib.SMTPException, OSError, TimeoutError):
        connection.close()
