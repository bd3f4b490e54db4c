"""Publishing into a real stream: a few events by themselves, many as one atomic batch."""

from collections.abc import AsyncIterator

import nats
import pytest

from melder_common.streams import FEW, POSITION, NatsTransport, stream_of
from melder_common.testing.nats import NatsServer
from melder_common.transport import Numbered, StreamMissing

pytestmark = pytest.mark.integration

NAME = "report.supported.v1"


@pytest.fixture
async def media(nats_server: NatsServer) -> AsyncIterator[NatsTransport]:
    client = await nats.connect(nats_server.url)
    yield NatsTransport(client, "media")
    await client.jetstream().delete_stream(stream_of("media"))
    await client.close()


def numbered(count: int, start: int = 1) -> list[Numbered]:
    return [Numbered(position, NAME, b"{}") for position in range(start, start + count)]


async def kept(transport: NatsTransport) -> list[tuple[str, bool]]:
    """Position of each message in the stream, and whether it came in a batch."""
    stream = transport.client.jetstream()
    state = (await stream.stream_info(stream_of("media"))).state
    found = []
    for sequence in range(1, state.messages + 1):
        headers = (await stream.get_msg(stream_of("media"), sequence)).headers or {}
        found.append((headers[POSITION], "Nats-Batch-Id" in headers))
    return found


async def test_a_few_events_are_kept_in_order_and_without_a_batch(media: NatsTransport) -> None:
    await media.ensure_stream()
    await media.publish(1, numbered(FEW))
    assert await kept(media) == [(str(position), False) for position in range(1, FEW + 1)]
    assert await media.last_position(1) == FEW


async def test_more_are_one_batch(media: NatsTransport) -> None:
    await media.ensure_stream()
    await media.publish(1, numbered(FEW + 1))
    assert await kept(media) == [(str(position), True) for position in range(1, FEW + 2)]


@pytest.mark.parametrize("count", [1, FEW, FEW + 1])
async def test_without_the_stream_it_says_so(media: NatsTransport, count: int) -> None:
    with pytest.raises(StreamMissing):
        await media.publish(1, numbered(count))
    await media.ensure_stream()
    assert await kept(media) == []
