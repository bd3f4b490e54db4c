"""Our own pull loop on one durable consumer: nats-py's ``fetch`` stalls to its full timeout.

A pull request stays open at the server for ``EXPIRES_S`` and brings up to a batch; before it is
used up, the next one follows. Heartbeats say that it still lives; without them it is made anew.
"""

import contextlib
import time
from collections.abc import Callable
from typing import Final

import nats.errors
import orjson
import structlog
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from melder_common.streams import NatsTransport, durable_of, read_message, stream_of
from melder_common.transport import Message, StreamMissing, TransportFailed

BATCH: Final = 200
EXPIRES_S: Final = 60.0
HEARTBEAT_S: Final = 12.0
SILENCE_S: Final = 2.5 * HEARTBEAT_S
RETRY_S: Final = 2.0

_HEARTBEAT: Final = "100"
_PENDING: Final = "Nats-Pending-Messages"

_log = structlog.get_logger()


class Puller:
    """Keeps asking for one log's messages and hands each to ``arrived`` (which must not wait).

    ``room`` says how many more messages the receiver can take now.
    """

    def __init__(
        self,
        transport: NatsTransport,
        service: str,
        speaker: str,
        partition: int,
        *,
        arrived: Callable[[Message], None],
        room: Callable[[], int],
    ) -> None:
        self._transport = transport
        self._speaker = speaker
        self._partition = partition
        self._arrived = arrived
        self._room = room
        self._subject = (
            f"$JS.API.CONSUMER.MSG.NEXT.{stream_of(speaker)}.{durable_of(service, partition)}"
        )
        self._subscription: Subscription | None = None
        self._inbox = ""
        self._requested = 0
        self._heard_at = 0.0
        self._ready = False
        self._retry_at = 0.0

    async def tend(self) -> None:
        """See to it that a request is open; to be called often, it seldom does anything."""
        now = time.monotonic()
        if not self._transport.connected or now < self._retry_at:
            return
        if self._ready and now - self._heard_at > SILENCE_S:
            _log.warning("pull_went_silent", speaker=self._speaker, partition=self._partition)
            await self.close()
        try:
            if not self._ready:
                await self._open()
            if self._requested < BATCH // 2 and self._room() >= BATCH:
                await self._request()
        except (TransportFailed, nats.errors.Error, OSError) as error:
            level = "info" if isinstance(error, StreamMissing) else "warning"
            getattr(_log, level)(
                "pull_waits", speaker=self._speaker, partition=self._partition, error=str(error)
            )
            self._retry_at = now + (RETRY_S / 4 if isinstance(error, StreamMissing) else RETRY_S)
            self._ready = False

    def reset(self) -> None:
        """Forget the open requests: the connection or the durable behind them is a new one."""
        self._ready = False
        self._retry_at = 0.0

    async def close(self) -> None:
        """Take no more messages."""
        self._ready = False
        if self._subscription is not None:
            subscription, self._subscription = self._subscription, None
            with contextlib.suppress(nats.errors.Error, OSError):
                await subscription.unsubscribe()

    async def _open(self) -> None:
        await self.close()
        await self._transport.ensure_durable(self._speaker, self._partition)
        self._inbox = self._transport.client.new_inbox()
        self._subscription = await self._transport.client.subscribe(self._inbox, cb=self._take)
        self._requested = 0
        self._heard_at = time.monotonic()
        self._ready = True

    async def _request(self) -> None:
        body = {
            "batch": BATCH,
            "expires": int(EXPIRES_S * 1e9),
            "idle_heartbeat": int(HEARTBEAT_S * 1e9),
        }
        self._requested += BATCH
        await self._transport.client.publish(self._subject, orjson.dumps(body), reply=self._inbox)

    async def _take(self, raw: Msg) -> None:
        if raw.subject == self._inbox:
            self._note_status(raw)
            return
        self._heard_at = time.monotonic()
        self._requested -= 1
        message = read_message(raw)
        if message is None:
            _log.warning("message_without_position", subject=raw.subject)
        else:
            self._arrived(message)

    def _note_status(self, raw: Msg) -> None:
        headers = raw.headers or {}
        status = headers.get("Status")
        self._heard_at = time.monotonic()
        if status == _HEARTBEAT:
            return
        if _PENDING in headers:
            self._requested = max(0, self._requested - int(headers[_PENDING]))
            return
        self._ready = False
        self._retry_at = time.monotonic() + RETRY_S / 4
