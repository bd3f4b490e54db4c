"""NATS as a place runs it: one server that says how it is, or three that keep each event."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from melder_common.connection import Connection
from melder_common.streams import NatsTransport
from melder_common.testing.nats import NatsServer
from melder_common.testing.processes import Process
from melder_common.testing.waiting import until
from melder_common.transport import Numbered, TransportFailed
from melder_local.nats_servers import nats_servers
from melder_local.place import Place
from melder_operator.installation_secrets import ensure_secrets

pytestmark = pytest.mark.integration


@contextmanager
def running(place: Place) -> Iterator[tuple[NatsServer, ...]]:
    ensure_secrets(place.secrets)
    servers = nats_servers(place)
    with ExitStack() as stack:
        for server in servers:
            server.prepare()
            process = Process(server.launch(), place.logs / f"{server.name}.log")
            process.start()
            stack.callback(process.kill)
            process.wait_ready()
        yield servers


def test_one_server_says_that_it_is_well(tmp_path: Path) -> None:
    with running(Place(tmp_path, 8000)) as (server,):
        assert server.launch().well is not None
        assert server.is_well()
    assert not server.is_well()


async def test_three_servers_keep_each_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MELDER_NATS_SERVERS", "3")
    place = Place(tmp_path, 8000)
    with running(place) as servers:
        assert [server.name for server in servers] == ["nats", "nats-2", "nats-3"]
        password = place.secrets / "nats" / "intake"
        connection = Connection(place.nats_url, name="test", user="intake", password_file=password)
        await connection.open()
        transport = NatsTransport(connection.client, "intake", replicas=3)

        async def made() -> bool:
            try:
                await transport.ensure_stream()
            except TransportFailed:  # they have not chosen a leader yet
                return False
            return True

        await until(made, seconds=30)
        await transport.publish(1, [Numbered(1, "report.submitted.v1", b"{}")])
        assert await transport.last_position(1) == 1
        info = await transport._call("STREAM.INFO.INTAKE")
        assert info is not None
        assert info["config"]["num_replicas"] == 3
        assert len(info["cluster"]["replicas"]) == 2
        await connection.close()
