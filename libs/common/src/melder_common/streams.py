"""The way over NATS JetStream: one stream per speaker, one subject per partition and event.

``INTAKE`` holds ``intake.<partition>.<event name>``; the position travels in a header. Beside the
streams, plain NATS requests go to the relays (``log.<speaker>.<partition>.again`` and ``….ends``)
and to the speakers of snapshots (``log.<speaker>.snapshots``).
"""

import asyncio
import base64
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import nats
import nats.errors
import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg

from melder_common.settings import read_secret
from melder_common.transport import LogEnds, Message, Numbered, StreamMissing, TransportFailed

POSITION: Final = "Melder-Position"
MAX_AGE_S: Final = 14 * 24 * 3600
ACK_WAIT_S: Final = 5
MAX_UNACKNOWLEDGED: Final = 2000
PATIENCE_S: Final = 5.0
FEW: Final = 10
"""Up to so many events are published one by one: for each batch the server makes a store on disk,
with a directory, and removes it, which took a third of its time at 50 reports a second."""

_STREAM_NOT_FOUND: Final = 10059
_MESSAGE_NOT_FOUND: Final = 10037
_CONSUMER_NOT_FOUND: Final = 10014


def stream_of(speaker: str) -> str:
    """The name of a speaker's stream."""
    return speaker.upper()


def durable_of(service: str, partition: int) -> str:
    """The name of the durable consumer by which ``service`` pulls one partition of a stream."""
    return f"{service}-{partition}"


def _has(config: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return all(config.get(key) == value for key, value in wanted.items())


def read_message(raw: Msg) -> Message | None:
    """A message as it came from a stream; None when no relay has written it."""
    position = (raw.headers or {}).get(POSITION, "")
    if not position.isdecimal():
        return None
    return Message(int(position), raw.subject.split(".", 2)[2], raw.data, raw.reply)


class NatsTransport:
    """One service's way; ``service`` is speaker of its own stream and listener of the others.

    ``replicas``: on how many servers a stream made here is kept. ``may_set_up``: False where
    streams and durables are made by ``melder streams`` alone; until then StreamMissing is raised.
    """

    def __init__(
        self, client: Client, service: str, *, replicas: int = 1, may_set_up: bool = True
    ) -> None:
        self.client = client
        self._service = service
        self._replicas = replicas
        self._may_set_up = may_set_up

    @property
    def connected(self) -> bool:
        """Whether there is a connection now, as far as the client knows."""
        return bool(self.client.is_connected)

    async def ensure_stream(self) -> None:
        """Make the own stream, or bring its settings up to date. Raises TransportFailed.

        Where an operator has made it with other replicas or limits, those stay.
        """
        name = stream_of(self._service)
        wanted = {
            "name": name,
            "subjects": [f"{self._service}.>"],
            "storage": "file",
            "retention": "limits",
            "discard": "new",
            "max_age": MAX_AGE_S * 10**9,
            "allow_atomic": True,
        }
        found = await self._call(f"STREAM.INFO.{name}", missing_ok=True)
        if not self._may_set_up:
            if found is None:
                raise StreamMissing(f"{name}: `melder streams` makes it")
        elif found is None:
            replicas = {"num_replicas": self._replicas, "allow_direct": True}
            await self._call(f"STREAM.CREATE.{name}", {**wanted, **replicas})
        elif not _has(found["config"], wanted):
            await self._call(f"STREAM.UPDATE.{name}", {**found["config"], **wanted})

    async def spread_stream(self) -> None:
        """Keep the own stream, which exists, on as many servers as ``replicas`` says."""
        name = stream_of(self._service)
        found = await self._call(f"STREAM.INFO.{name}")
        if found and found["config"]["num_replicas"] != self._replicas:
            changed = {**found["config"], "num_replicas": self._replicas}
            await self._call(f"STREAM.UPDATE.{name}", changed)

    async def ensure_durable(self, speaker: str, partition: int) -> None:
        """Make the durable consumer for one log. Raises StreamMissing until its speaker made it."""
        stream, name = stream_of(speaker), durable_of(self._service, partition)
        wanted = {
            "durable_name": name,
            "filter_subject": f"{speaker}.{partition}.>",
            "deliver_policy": "all",
            "ack_policy": "all",
            "ack_wait": ACK_WAIT_S * 10**9,
            "max_ack_pending": MAX_UNACKNOWLEDGED,
        }
        found = await self._call(f"CONSUMER.INFO.{stream}.{name}", missing_ok=True)
        if found is not None and _has(found["config"], wanted):
            return
        if not self._may_set_up:
            raise StreamMissing(f"{stream}, durable {name}: `melder streams` makes it")
        if found is not None:
            # Its shape cannot be changed; with it only its place is lost.
            await self._call(f"CONSUMER.DELETE.{stream}.{name}", missing_ok=True)
        await self._call(
            f"CONSUMER.CREATE.{stream}.{name}.{speaker}.{partition}.>",
            {"stream_name": stream, "config": {**wanted, "name": name}},
        )

    async def publish(self, partition: int, events: Sequence[Numbered]) -> None:
        """Put ``events`` into the own stream: a few side by side, more as one atomic batch.

        Of a few, some may be there when it fails; those are published again, as after a crash.
        """
        try:
            if len(events) <= FEW:
                asked = (self._ask_to_keep(partition, event, {}) for event in events)
                await asyncio.gather(*asked)
            else:
                await self._publish_batch(partition, events)
        except nats.errors.NoRespondersError as error:
            raise StreamMissing(stream_of(self._service)) from error
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise TransportFailed(type(error).__name__) from error

    async def _publish_batch(self, partition: int, events: Sequence[Numbered]) -> None:
        batch = uuid.uuid4().hex
        for sequence, event in enumerate(events[:-1], start=1):
            await self.client.publish(
                self._subject(partition, event),
                event.envelope,
                headers=_position(event) | _in_batch(batch, sequence),
            )
        commit = _in_batch(batch, len(events)) | {"Nats-Batch-Commit": "1"}
        await self._ask_to_keep(partition, events[-1], commit)

    async def _ask_to_keep(self, partition: int, event: Numbered, more: dict[str, str]) -> None:
        answer = await self.client.request(
            self._subject(partition, event),
            event.envelope,
            timeout=PATIENCE_S,
            headers=_position(event) | more,
        )
        receipt = orjson.loads(answer.data)
        if "error" in receipt:
            raise TransportFailed(str(receipt["error"]))

    async def last_position(self, partition: int) -> int:
        """The position of the last message of an own log in the stream; makes the stream."""
        await self.ensure_stream()
        found = await self._call(
            f"STREAM.MSG.GET.{stream_of(self._service)}",
            {"last_by_subj": f"{self._service}.{partition}.>"},
            missing_ok=True,
        )
        if found is None:
            return 0
        headers = base64.b64decode(found["message"]["hdrs"]).decode()
        return int(headers.split(f"{POSITION}: ", 1)[1].split("\r\n", 1)[0])

    async def forget(self, partition: int) -> None:
        """Remove the messages of an own log from the stream."""
        await self._call(
            f"STREAM.PURGE.{stream_of(self._service)}",
            {"filter": f"{self._service}.{partition}.>"},
        )

    async def ask_again(self, speaker: str, partition: int, start: int) -> None:
        """Ask another log's relay to publish again; when it cannot be asked, it is asked later."""
        body = orjson.dumps({"from": start})
        try:
            await self.client.publish(f"log.{speaker}.{partition}.again", body)
        except (nats.errors.Error, OSError) as error:
            raise TransportFailed(type(error).__name__) from error

    async def ask_ends(self, speaker: str, partition: int, cursor: int) -> LogEnds | None:
        """Ask another log's relay for its ends; None when nobody answers."""
        body = orjson.dumps({"service": self._service, "cursor": cursor})
        try:
            answer = await self.client.request(
                f"log.{speaker}.{partition}.ends", body, timeout=PATIENCE_S
            )
        except (nats.errors.Error, OSError, TimeoutError):
            return None
        return LogEnds(**orjson.loads(answer.data))

    async def ask_snapshots(self, speaker: str, aggregate: str) -> None:
        """Ask another service to speak of all its aggregates anew. Raises TransportFailed."""
        body = orjson.dumps({"aggregate": aggregate})
        try:
            answer = await self.client.request(f"log.{speaker}.snapshots", body, timeout=PATIENCE_S)
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise TransportFailed(f"{speaker} does not answer") from error
        refusal = orjson.loads(answer.data).get("error")
        if refusal:
            raise TransportFailed(f"{speaker}: {refusal}")

    async def acknowledge(self, receipt: str) -> None:
        """Acknowledge a message and all before it, without waiting for an answer."""
        try:
            await self.client.publish(receipt, b"+ACK")
        except (nats.errors.Error, OSError) as error:
            raise TransportFailed(type(error).__name__) from error

    def _subject(self, partition: int, event: Numbered) -> str:
        return f"{self._service}.{partition}.{event.name}"

    async def _call(
        self, name: str, body: dict[str, Any] | None = None, *, missing_ok: bool = False
    ) -> dict[str, Any] | None:
        """Call JetStream's API; None when what was asked for is missing and that is all right."""
        try:
            raw = await self.client.request(
                f"$JS.API.{name}", orjson.dumps(body) if body else b"", timeout=PATIENCE_S
            )
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise TransportFailed(f"{name}: {type(error).__name__}") from error
        answer: dict[str, Any] = orjson.loads(raw.data)
        refusal = answer.get("error")
        if refusal is None:
            return answer
        code = refusal.get("err_code")
        if missing_ok and code in {_STREAM_NOT_FOUND, _MESSAGE_NOT_FOUND, _CONSUMER_NOT_FOUND}:
            return None
        if code == _STREAM_NOT_FOUND:
            raise StreamMissing(name)
        raise TransportFailed(f"{name}: {refusal.get('description')}")


def _position(event: Numbered) -> dict[str, str]:
    return {POSITION: str(event.position)}


def _in_batch(batch: str, sequence: int) -> dict[str, str]:
    return {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(sequence)}


async def delete_stream(
    url: str, speaker: str, *, user: str | None, password_file: Path | None
) -> bool:
    """Delete a speaker's stream with all its consumers; False when there was none.

    For a restore: what the stream holds belongs to another past. The relay makes it anew and fills
    it from the outbox. Raises OSError or TransportFailed when NATS cannot be reached or refuses.
    """
    client = await nats.connect(
        url.split(","),
        user=user,
        password=read_secret(password_file) if password_file else None,
        allow_reconnect=False,
        connect_timeout=PATIENCE_S,
    )
    try:
        name = f"STREAM.DELETE.{stream_of(speaker)}"
        found = await NatsTransport(client, speaker)._call(name, missing_ok=True)  # noqa: SLF001 (ours)
        return found is not None
    finally:
        await client.close()
