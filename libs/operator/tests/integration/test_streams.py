"""Streams are made by the operator; services work with the rights to publish, pull and ack."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import nats
import nats.errors
import orjson
import pytest
import typer
from typer.testing import CliRunner

from melder_common.pull import Puller
from melder_common.streams import NatsTransport
from melder_common.testing.nats import NatsServer, NatsUser
from melder_common.testing.ports import free_ports
from melder_common.testing.processes import Process
from melder_common.testing.waiting import until
from melder_common.transport import Message, Numbered, StreamMissing
from melder_operator.nats_users import OPERATOR, all_rights
from melder_operator.streams import streams

pytestmark = pytest.mark.integration

app = typer.Typer()
app.command()(streams)

EVENT = Numbered(1, "report.submitted.v1", b"{}")

Transports = Callable[[str], AbstractAsyncContextManager[NatsTransport]]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    """A server that knows the users of an installation, each with its own rights."""
    users = tuple(
        NatsUser(name, name + "-password", rights.publish, rights.subscribe)
        for name, rights in all_rights().items()
    )
    server = NatsServer(tmp_path / "nats", free_ports(1)[0], users=users)
    server.prepare()
    process = Process(server.launch(), tmp_path / "nats.log")
    process.start()
    process.wait_ready()
    yield server
    process.kill()


@pytest.fixture
def transports(server: NatsServer) -> Transports:
    @asynccontextmanager
    async def connect(user: str) -> AsyncIterator[NatsTransport]:
        async def ignore(_error: Exception) -> None:
            """The server names each refusal; the tests look at what it did."""

        client = await nats.connect(
            server.url, user=user, password=user + "-password", error_cb=ignore
        )
        yield NatsTransport(client, user, may_set_up=False)
        await client.close()

    return connect


@pytest.fixture
def set_up(server: NatsServer, tmp_path: Path) -> Callable[..., str]:
    password = tmp_path / "operator"
    password.write_text(OPERATOR + "-password\n")

    def run(*more: str) -> str:
        arguments = ["--nats-url", server.url, "--password-file", str(password), *more]
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, result.output
        return result.output.splitlines()[-1]

    return run


async def hear(transport: NatsTransport, service: str, speaker: str) -> Message:
    """What arrives first of the first partition of ``speaker``."""
    arrived: list[Message] = []
    puller = Puller(transport, service, speaker, 1, arrived=arrived.append, room=lambda: 1000)
    while not arrived:
        await puller.tend()
        await asyncio.sleep(0.02)
    await puller.close()
    return arrived[0]


async def test_with_the_streams_made_an_event_is_said_heard_and_acknowledged(
    transports: Transports, set_up: Callable[..., str]
) -> None:
    said = await asyncio.to_thread(set_up)
    assert said.startswith("4 streams on 1 servers each")
    assert said == await asyncio.to_thread(set_up), "safe to repeat"
    async with transports("intake") as intake, transports("routing") as routing:
        await intake.ensure_stream()
        await intake.publish(1, [EVENT, replace(EVENT, position=2)])
        assert await intake.last_position(1) == 2
        message = await hear(routing, "routing", "intake")
        assert (message.position, message.name) == (1, EVENT.name)
        await routing.acknowledge(message.receipt)

        async def acknowledged() -> bool:
            info = await routing._call("CONSUMER.INFO.INTAKE.routing-1")
            return info is not None and info["ack_floor"]["stream_seq"] == 1

        await until(acknowledged)


async def test_without_streams_a_service_waits_and_says_for_what(transports: Transports) -> None:
    async with transports("intake") as intake:
        with pytest.raises(StreamMissing, match="INTAKE: `melder streams` makes it"):
            await intake.last_position(1)
        with pytest.raises(StreamMissing):
            await intake.publish(1, [EVENT])
        with pytest.raises(StreamMissing):
            await intake.ensure_durable("routing", 1)


async def test_a_forgotten_stream_is_made_anew_by_the_next_run(
    transports: Transports, set_up: Callable[..., str]
) -> None:
    await asyncio.to_thread(set_up)
    async with transports("intake") as intake, transports(OPERATOR) as operator:
        await intake.publish(1, [EVENT])
        await operator._call("STREAM.DELETE.INTAKE")
        with pytest.raises(StreamMissing):
            await intake.last_position(1)
        await asyncio.to_thread(set_up)
        assert await intake.last_position(1) == 0, "the relay will fill it from its outbox"


@pytest.mark.parametrize(
    ("user", "subject", "body"),
    [
        ("routing", "intake.1.report.submitted.v1", {}),
        ("routing", "$JS.API.STREAM.CREATE.ROUTING", {"name": "ROUTING", "subjects": ["x"]}),
        ("routing", "$JS.API.STREAM.DELETE.ROUTING", {}),
        ("routing", "$JS.API.STREAM.PURGE.INTAKE", {}),
        ("routing", "$JS.API.STREAM.MSG.GET.NOTIFY", {"seq": 1}),
        ("routing", "$JS.API.CONSUMER.DELETE.INTAKE.routing-1", {}),
        ("routing", "$JS.API.CONSUMER.INFO.INTAKE.notify-1", {}),
        ("routing", "$JS.API.CONSUMER.MSG.NEXT.INTAKE.notify-1", {"batch": 1}),
        (OPERATOR, "intake.1.report.submitted.v1", {}),
        (OPERATOR, "$JS.API.STREAM.MSG.GET.INTAKE", {"seq": 1}),
        (OPERATOR, "$JS.API.STREAM.PURGE.INTAKE", {}),
    ],
)
async def test_nobody_may_more_than_their_task_needs(
    server: NatsServer, set_up: Callable[..., str], user: str, subject: str, body: Any
) -> None:
    await asyncio.to_thread(set_up)
    refusals: list[str] = []

    async def note(error: Exception) -> None:
        refusals.append(str(error).lower())

    client = await nats.connect(server.url, user=user, password=user + "-password", error_cb=note)
    await client.publish(subject, orjson.dumps(body), reply=client.new_inbox())
    await client.flush()
    await until(lambda: bool(refusals))
    assert f'permissions violation for publish to "{subject.lower()}"' in refusals[0]
    await client.close()


def test_a_wrong_password_is_said_in_time(server: NatsServer, tmp_path: Path) -> None:
    password = tmp_path / "wrong"
    password.write_text("guessed")
    arguments = ["--nats-url", server.url, "--password-file", str(password)]
    result = CliRunner().invoke(app, [*arguments, "--patience", "0.5"])
    assert result.exit_code == 1
    assert "user operator: no connection within 0.5 s" in result.output
