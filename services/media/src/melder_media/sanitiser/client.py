"""The service's side of the sanitiser: hands pictures over and waits no longer than it must."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from melder_media.domain.pictures import CleanFile, Inspection, PictureTooHard
from melder_media.sanitiser import wire

IDLE_SECONDS = 20.0
"""After this the process leaves, and its memory with it."""

_MAX_ANSWER = 24 << 20
_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "MALLOC_ARENA_MAX": "2",
    "VIPS_BLOCK_UNTRUSTED": "1",
    "VIPS_CONCURRENCY": "1",
}
"""All the process gets: no address, no secret, no path of the service."""


class SanitiserBusy(Exception):
    """Every process is taken and none became free in time: try again later."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one picture may use: pixels, bytes of address space, seconds of processor and clock.

    ``processes`` pictures are worked on at once; a further one waits ``patience`` seconds.
    """

    max_pixels: int = 40_000_000
    memory: int = 1 << 30
    cpu_seconds: int = 10
    wall_seconds: float = 20.0
    processes: int = 2
    patience: float = 10.0


class Sanitiser:
    """Starts the process on demand; ``close`` it at the end."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._slots = asyncio.Semaphore(limits.processes)
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None

    async def inspect(self, source: int) -> Inspection:
        """Look at the picture in the descriptor ``source``.

        Raises PictureRefused, PictureTooHard, SanitiserBusy.
        """
        return wire.read_inspection(await self._ask("inspect", source))

    async def render(self, source: int) -> tuple[CleanFile, ...]:
        """All sizes of the picture in the descriptor ``source``; raises as ``inspect``."""
        return wire.read_rendering(await self._ask("render", source))

    def close(self) -> None:
        """End the process; a picture in work is given up."""
        self._end_process()

    async def _ask(self, kind: str, source: int) -> bytes:
        task = wire.Task(
            kind="inspect" if kind == "inspect" else "render",
            max_pixels=self._limits.max_pixels,
            memory=self._limits.memory,
            cpu_seconds=self._limits.cpu_seconds,
            wall_seconds=self._limits.wall_seconds,
        )
        async with self._slot():
            for _ in range(3):
                answer = await self._exchange(task, source)
                if len(answer) > len(wire.STARTED):
                    return answer
                if answer == wire.STARTED:
                    raise PictureTooHard
        msg = "the sanitiser process left three times without looking at the picture"
        raise SanitiserBusy(msg)

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._limits.patience):
                await self._slots.acquire()
        except TimeoutError as error:
            raise SanitiserBusy from error
        try:
            yield
        finally:
            self._slots.release()

    async def _exchange(self, task: wire.Task, source: int) -> bytes:
        """One attempt; an empty answer says that the idle process left just then."""
        ours, theirs = os.pipe()
        try:
            self._send(task, source, theirs)
        except OSError:
            os.close(ours)
            self._end_process()
            return b""
        finally:
            os.close(theirs)
        try:
            async with asyncio.timeout(self._limits.wall_seconds + 5):
                return await _read_all(ours)
        except TimeoutError:
            self._end_process()
            return wire.STARTED

    def _send(self, task: wire.Task, source: int, answer: int) -> None:
        if self._channel is None or self._process is None or self._process.poll() is not None:
            self._start_process()
        assert self._channel is not None  # noqa: S101 - set by _start_process, for the type checker
        socket.send_fds(self._channel, [task.to_bytes()], [source, answer])

    def _start_process(self) -> None:
        self._end_process()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 (our own module, nothing from outside)
                (sys.executable, "-I", "-m", "melder_media.sanitiser", str(IDLE_SECONDS)),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                cwd="/",
                env=_ENVIRONMENT,
                start_new_session=True,
            )
        ours.setblocking(False)
        self._channel = ours

    def _end_process(self) -> None:
        """Hang up; whoever has not left by itself is ended, with the pictures in its work."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if self._process is not None:
            if self._process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
            self._process = None


async def _read_all(descriptor: int) -> bytes:
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
    )
    try:
        answer = bytearray()
        while chunk := await reader.read(1 << 18):
            answer += chunk
            if len(answer) > _MAX_ANSWER:
                return wire.STARTED
        return bytes(answer)
    finally:
        transport.close()
