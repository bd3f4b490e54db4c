"""A TCP proxy that fails as nets fail: slow, cut, black-holed, half-open. For tests of chaos.

``python -m melder_local.proxy --control 9000 nats=4300:4222 smtp=2600:2525`` forwards each link and
takes orders on the control port, one line each: ``smtp cut``; it answers ``ok`` or what is wrong.

- ``pass``: forward.
- ``slow``: forward, every piece half a second late.
- ``cut``: reset what is open, refuse what is new, as after the death of the other end.
- ``black_hole``: keep what is open and take what is new, but forward nothing either way, as behind
  a firewall that has forgotten the connection.
- ``half_open``: forward requests and lose the answers, as when one direction is broken.
"""

import argparse
import asyncio
import contextlib
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

PIECE = 64 * 1024
LATE_S = 0.5
MODES = ("pass", "slow", "cut", "black_hole", "half_open")


@dataclass(slots=True)
class Link:
    """One forwarded port and the way it fails now."""

    name: str
    port: int
    target: int
    mode: str = "pass"
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    open: set[asyncio.Task[None]] = field(default_factory=set)

    def set_mode(self, mode: str) -> None:
        """Fail in another way from now on; what hung goes on, or ends, with it."""
        self.mode = mode
        self.changed.set()
        self.changed = asyncio.Event()
        if mode == "cut":
            for task in self.open:
                task.cancel()

    async def serve(self) -> asyncio.Server:
        """Listen on loopback."""
        return await asyncio.start_server(self._forward, "127.0.0.1", self.port)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (it runs in one)
        self.open.add(task)
        try:
            await self._forward_both_ways(reader, writer)
        except (asyncio.CancelledError, OSError, ExceptionGroup):
            _reset(writer)
        finally:
            self.open.discard(task)
            writer.close()

    async def _forward_both_ways(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if self.mode == "cut":
            _reset(writer)
            return
        while self.mode == "black_hole":
            await self.changed.wait()
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.target)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._copy(reader, there_writer, silent=("black_hole",)))
                group.create_task(
                    self._copy(there_reader, writer, silent=("black_hole", "half_open"))
                )
        finally:
            _reset(there_writer)
            there_writer.close()

    async def _copy(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        silent: tuple[str, ...],
    ) -> None:
        """Until one end closes. What comes while the way is silent is lost, and the stream too."""
        while piece := await reader.read(PIECE):
            if self.mode in silent:
                await self.changed.wait()
                raise ConnectionResetError("bytes were lost")
            if self.mode == "slow":
                await asyncio.sleep(LATE_S)
            writer.write(piece)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN: the peer hears an error, not an orderly end."""
    connection = writer.get_extra_info("socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@dataclass(slots=True)
class Proxy:
    """All links of one installation, and the control port."""

    links: dict[str, Link]

    async def obey(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry out the orders of one connection."""
        with contextlib.suppress(OSError):
            while line := await reader.readline():
                writer.write(self._carry_out(line.decode().split()).encode() + b"\n")
                await writer.drain()
        writer.close()

    def _carry_out(self, words: list[str]) -> str:
        if words == ["ready"]:
            return "ok"
        if len(words) != 2 or words[0] not in self.links or words[1] not in MODES:
            return f"say: <{'|'.join(self.links)}> <{'|'.join(MODES)}>"
        self.links[words[0]].set_mode(words[1])
        return "ok"


def order(port: int, line: str) -> None:
    """Give one order to a running proxy. Raises OSError, and ValueError with its complaint."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(line.encode() + b"\n")
        answer = connection.makefile().readline().strip()
    if answer != "ok":
        raise ValueError(f"the proxy refuses {line!r}: {answer}")


def listens(port: int) -> bool:
    """Whether a proxy takes orders on ``port``."""
    try:
        order(port, "ready")
    except OSError:
        return False
    return True


async def run(control: int, links: Sequence[Link]) -> None:
    """Forward until cancelled."""
    proxy = Proxy({link.name: link for link in links})
    servers = [await link.serve() for link in links]
    servers.append(await asyncio.start_server(proxy.obey, "127.0.0.1", control))
    async with contextlib.AsyncExitStack() as stack:
        for server in servers:
            await stack.enter_async_context(server)
        await asyncio.gather(*(server.serve_forever() for server in servers))


def parse_link(text: str) -> Link:
    """``name=port:target`` as a link. Raises ValueError."""
    name, _, ports = text.partition("=")
    port, _, target = ports.partition(":")
    return Link(name, int(port), int(target))


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="melder_local.proxy", description=__doc__)
    parser.add_argument("--control", type=int, required=True)
    parser.add_argument("links", nargs="+", type=parse_link, help="name=port:target")
    options = parser.parse_args(arguments)
    asyncio.run(run(options.control, options.links))


if __name__ == "__main__":
    main()
