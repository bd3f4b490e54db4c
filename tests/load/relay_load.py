"""P5: the relay against a bare publisher of the same batches, on servers of its own."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from nats.aio.client import Client
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine
from workloads import Figure

from melder_common.database import make_engine
from melder_common.envelope import seal_envelope
from melder_common.events import ReportSupported
from melder_common.leases import Leases, log_lease
from melder_common.partitions import partition_of
from melder_common.relay import BATCH, Relay
from melder_common.streams import NatsTransport
from melder_common.tables import EventTables
from melder_common.testing import event_schemas
from melder_common.testing.nats import NatsServer
from melder_common.testing.ports import free_ports
from melder_common.testing.postgres import PostgresCluster
from melder_common.testing.processes import Process
from melder_common.transport import Numbered

EVENTS = 100_000
PARTITIONS = 4


async def relay(directory: Path) -> list[Figure]:
    """A backlog of 100,000 events: numbered and published, against published alone."""
    with _servers(directory) as (dsn, nats_url):
        async with _database(dsn) as (engine, tables):
            rows = list(islice(_events(), EVENTS))
            async with engine.begin() as connection:
                for start in range(0, EVENTS, 5000):
                    await connection.execute(insert(tables.outbox), rows[start : start + 5000])
            ours = await _speak_all(engine, tables, nats_url)
            bare = await _publish_bare(rows, nats_url)
    return [
        Figure("P5", "relay, backlog of 100,000 events", EVENTS / ours, "1/s"),
        Figure("P5", "bare publisher of the same batches", EVENTS / bare, "1/s"),
        Figure("P5", "relay against the bare publisher", bare / ours, "ratio"),
    ]


def _events() -> Iterator[dict[str, object]]:
    for number in range(EVENTS):
        report = uuid.uuid4()
        partition = partition_of(report, PARTITIONS)
        envelope = seal_envelope(
            ReportSupported(report_id=report, supporters=number),
            event_id=uuid.uuid4(),
            aggregate_id=report,
            report_id=report,
            partition=partition,
            occurred_at=datetime.now(UTC),
            seen={},
            trace=None,
        )
        yield {"partition": partition, "name": ReportSupported.NAME, "envelope": envelope}


async def _speak_all(engine: AsyncEngine, tables: EventTables, nats_url: str) -> float:
    client = Client()
    await client.connect(nats_url)
    transport = NatsTransport(client, "intake")
    await transport.ensure_stream()
    relay = Relay(engine, tables, transport)
    partitions = range(1, PARTITIONS + 1)
    await relay.prepare(partitions)
    names = [log_lease(partition) for partition in partitions]
    leases = Leases(engine, tables, holder="load", groups=[names], ttl_s=3600)
    await leases.prepare()
    held = await leases.renew()
    by_partition = {partition: held[log_lease(partition)] for partition in partitions}
    began = time.perf_counter()
    while await relay.work(by_partition):
        pass
    seconds = time.perf_counter() - began
    await client.request("$JS.API.STREAM.DELETE.INTAKE", b"")
    await client.close()
    return seconds


async def _publish_bare(rows: list[dict[str, object]], nats_url: str) -> float:
    client = Client()
    await client.connect(nats_url)
    transport = NatsTransport(client, "intake")
    await transport.ensure_stream()
    logs: dict[int, list[Numbered]] = {}
    for row in rows:
        partition = int(str(row["partition"]))
        log = logs.setdefault(partition, [])
        log.append(Numbered(len(log) + 1, str(row["name"]), bytes(row["envelope"])))  # type: ignore[call-overload]  # rows are dicts of objects
    began = time.perf_counter()
    for start in range(0, max(map(len, logs.values())), BATCH):
        for partition, log in logs.items():
            if batch := log[start : start + BATCH]:
                await transport.publish(partition, batch)
    seconds = time.perf_counter() - began
    await client.close()
    return seconds


@contextmanager
def _servers(directory: Path) -> Iterator[tuple[str, str]]:
    directory.mkdir(mode=0o755)
    ports = free_ports(2)
    postgres = PostgresCluster(directory / "postgres", ports[0], durable=True)
    nats = NatsServer(directory / "nats", ports[1], durable=True)
    processes = []
    try:
        for server, name in ((postgres, "postgres"), (nats, "nats")):
            server.prepare()
            process = Process(server.launch(), directory / f"{name}.log")
            process.start()
            processes.append(process)
            process.wait_ready(30)
        yield f"postgresql+asyncpg://melder_admin@127.0.0.1:{ports[0]}/postgres", nats.url
    finally:
        for process in reversed(processes):
            process.stop()


@asynccontextmanager
async def _database(dsn: str) -> AsyncIterator[tuple[AsyncEngine, EventTables]]:
    engine = make_engine(dsn, application_name="load")
    metadata, schemas = event_schemas.declare(["intake"])
    await event_schemas.create(engine, metadata, ["intake"])
    yield engine, schemas["intake"].tables
    await engine.dispose()
    await asyncio.sleep(0)
