"""The proxy fails as it is told: each mode as a client sees it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from melder_common.testing.ports import free_ports
from melder_local.proxy import Link, Proxy

pytestmark = pytest.mark.integration
SOON = 0.3


@pytest.fixture
async def link() -> AsyncIterator[Link]:
    """A link to a server that says everything back."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(100):
            writer.write(piece)
            await writer.drain()
        writer.close()

    port, target = free_ports(2)
    one = Link("echo", port, target)
    async with await asyncio.start_server(echo, "127.0.0.1", target), await one.serve():
        yield one
        one.set_mode("cut")
        await asyncio.gather(*one.open, return_exceptions=True)


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def call(ends: Ends, text: bytes = b"hello") -> bytes:
    ends[1].write(text)
    await ends[1].drain()
    return await ends[0].read(100)


async def connect(link: Link) -> Ends:
    return await asyncio.open_connection("127.0.0.1", link.port)


async def answered(link: Link) -> bool:
    """Whether a new connection is of any use."""
    try:
        return bool(await call(await connect(link)))
    except ConnectionError:
        return False


async def test_it_passes_everything_on_and_ends_in_order(link: Link) -> None:
    ends = await connect(link)
    assert await call(ends) == b"hello"
    ends[1].write_eof()
    assert await ends[0].read() == b""
    ends[1].close()


async def test_slow_is_late_and_whole(link: Link) -> None:
    link.set_mode("slow")
    ends = await connect(link)
    began = asyncio.get_running_loop().time()
    assert await call(ends) == b"hello"
    assert asyncio.get_running_loop().time() - began >= 2 * 0.5
    ends[1].close()


async def test_cut_resets_old_and_new_connections(link: Link) -> None:
    ends = await connect(link)
    assert await call(ends) == b"hello"
    link.set_mode("cut")
    with pytest.raises(ConnectionResetError):
        await ends[0].read(100)
    assert not await answered(link)


@pytest.mark.parametrize("mode", ["black_hole", "half_open"])
async def test_silence_keeps_the_connection_and_loses_the_answer(link: Link, mode: str) -> None:
    ends = await connect(link)
    assert await call(ends) == b"hello"
    link.set_mode(mode)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(call(ends), SOON)
    link.set_mode("pass")
    with pytest.raises(ConnectionResetError):
        await ends[0].read(100)
    fresh = await connect(link)
    assert await call(fresh) == b"hello"
    fresh[1].close()


async def test_a_black_hole_takes_new_connections_too(link: Link) -> None:
    link.set_mode("black_hole")
    ends = await connect(link)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(call(ends), SOON)
    link.set_mode("pass")
    assert await ends[0].read(100) == b"hello", "what waited before the hole gets through at last"
    ends[1].close()


@pytest.mark.parametrize("words", [[], ["echo"], ["echo", "sing"], ["nobody", "cut"]])
def test_unknown_orders_are_refused(words: list[str]) -> None:
    assert Proxy({"echo": Link("echo", 1, 2)})._carry_out(words).startswith("say:")
