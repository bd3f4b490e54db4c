"""A generator of HTTP requests that costs little itself: prepared bytes over kept connections."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import cast
from urllib.parse import urlsplit

HEADERS_END = b"\r\n\r\n"


@dataclass
class Outcome:
    """What a load did: seconds from the moment a request was due until its answer, by request."""

    waits: list[float] = field(default_factory=list)
    refused: list[tuple[int, bytes]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        """Accepted requests per second."""
        return len(self.waits) / self.seconds

    def quantile(self, share: float) -> float:
        """Milliseconds within which ``share`` of the requests were answered."""
        ordered = sorted(self.waits)
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Wire(asyncio.Protocol):
    """One kept connection; one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._read = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("closed before the answer"))

    def data_received(self, data: bytes) -> None:
        self._read += data
        end = self._read.find(HEADERS_END)
        if end < 0:
            return
        head = bytes(self._read[:end]).lower()
        length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0] or 0)
        if len(self._read) < end + 4 + length or self._answer is None:
            return
        body = bytes(self._read[end + 4 : end + 4 + length])
        self._read.clear()
        answer, self._answer = self._answer, None
        if not answer.done():
            answer.set_result((int(head.split(b" ", 2)[1]), body))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()


def post(url: str, fields: bytes, content_type: str = "application/x-www-form-urlencoded") -> bytes:
    """The bytes of a POST."""
    parts = urlsplit(url)
    head = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(fields)}\r\n\r\n"
    )
    return head.encode() + fields


async def closed_loop(
    port: int, request: Callable[[int], bytes], *, connections: int, total: int
) -> Outcome:
    """``connections`` ask again as soon as they are answered, ``total`` times in all."""
    outcome = Outcome()
    numbers = iter(range(total))

    async def one() -> None:
        wire = await _connect(port)
        for number in numbers:
            asked = time.perf_counter()
            _note(outcome, asked, await wire.ask(request(number)))
        wire.close()

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    outcome.seconds = time.perf_counter() - began
    return outcome


async def open_loop(
    port: int, request: Callable[[int], bytes], *, per_second: float, seconds: float, seed: int
) -> Outcome:
    """Poisson arrivals that do not wait for anybody; a wait begins when the request was due."""
    outcome = Outcome()
    idle: list[Wire] = []
    asking: set[asyncio.Task[None]] = set()
    began = time.perf_counter()

    async def one(number: int, due: float) -> None:
        wire = idle.pop() if idle else await _connect(port)
        _note(outcome, due, await wire.ask(request(number)))
        idle.append(wire)

    for number, at in zip(count(), _arrivals(per_second, seconds, seed), strict=False):
        pause = began + at - time.perf_counter()
        if pause > 0:
            await asyncio.sleep(pause)
        task = asyncio.create_task(one(number, began + at))
        asking.add(task)
        task.add_done_callback(asking.discard)
    await asyncio.gather(*asking)
    outcome.seconds = time.perf_counter() - began
    for wire in idle:
        wire.close()
    return outcome


def _arrivals(per_second: float, seconds: float, seed: int) -> Iterator[float]:
    chance = random.Random(seed)
    at = chance.expovariate(per_second)
    while at < seconds:
        yield at
        at += chance.expovariate(per_second)


def _note(outcome: Outcome, due: float, answer: tuple[int, bytes]) -> None:
    status, body = answer
    if status // 100 == 2:
        outcome.waits.append(time.perf_counter() - due)
    else:
        outcome.refused.append((status, body[:200]))


async def _connect(port: int) -> Wire:
    with suppress(ConnectionRefusedError):
        return (await asyncio.get_running_loop().create_connection(Wire, "127.0.0.1", port))[1]
    await asyncio.sleep(0.05)
    return (await asyncio.get_running_loop().create_connection(Wire, "127.0.0.1", port))[1]
