"""pytest fixtures that start the real parts: PostgreSQL with PostGIS, nats-server, S3, SMTP.

Servers live as long as the session (with xdist: one set per worker), databases as long as a test.
"""

import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from melder_common.testing.nats import NatsServer
from melder_common.testing.ports import free_ports
from melder_common.testing.postgres import PostgresCluster, postgres_programs
from melder_common.testing.processes import Process
from melder_common.testing.s3 import S3Store

if TYPE_CHECKING:
    from melder_common.testing.databases import Databases
    from melder_common.testing.mail import MailSink

ServiceDatabase = Callable[..., Awaitable[str]]


@pytest.fixture(scope="session")
def server_directory() -> Iterator[Path]:
    """Where servers keep their files; PostgreSQL's own account can pass through it.

    Not below pytest's own directory: every new session of the same user closes that again (0700),
    and a PostgreSQL running there as its own account dies.
    """
    with tempfile.TemporaryDirectory(prefix="melder-servers-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        directory.chmod(0o711)
        yield directory


@pytest.fixture(scope="session")
def postgres(server_directory: Path) -> Iterator[PostgresCluster]:
    """A running cluster; ``postgres.dsn()`` is its superuser."""
    postgres_programs()
    cluster = PostgresCluster(server_directory / "postgres", free_ports(1)[0])
    cluster.prepare()
    process = Process(cluster.launch(), server_directory / "postgres.log")
    process.start()
    try:
        process.wait_ready()
        yield cluster
    finally:
        process.stop()


@pytest.fixture(scope="session")
def databases(postgres: PostgresCluster) -> "Databases":
    """The templates and clones of this session."""
    from melder_common.testing.databases import Databases

    return Databases(postgres)


@pytest.fixture
async def service_database(
    databases: "Databases", postgres: PostgresCluster
) -> AsyncIterator[ServiceDatabase]:
    """A factory of migrated databases: ``service_database("intake")`` gives a fresh one's URL.

    The role is the owner of the (first) service's schema; ``role=`` picks another one.
    """
    made: list[str] = []

    async def create(*services: str, role: str | None = None) -> str:
        from melder_common.testing.databases import OWNERS

        name = await databases.clone(*services)
        made.append(name)
        return postgres.url(name, role or OWNERS[services[0]])

    yield create
    for name in made:
        await databases.drop(name)


@pytest.fixture(scope="session")
def nats_process(server_directory: Path) -> Iterator[tuple[NatsServer, Process]]:
    """The server and its process, for tests that kill it."""
    server = NatsServer(server_directory / "nats", free_ports(1)[0])
    server.prepare()
    process = Process(server.launch(), server_directory / "nats.log")
    process.start()
    try:
        process.wait_ready()
        yield server, process
    finally:
        process.stop()


@pytest.fixture(scope="session")
def nats_server(nats_process: tuple[NatsServer, Process]) -> NatsServer:
    """A running nats-server with JetStream."""
    return nats_process[0]


@pytest.fixture(scope="session")
def s3_process(server_directory: Path) -> Iterator[tuple[S3Store, Process]]:
    """The store and its process, for tests that stop it."""
    port, *inner = free_ports(8)
    store = S3Store(
        server_directory / "s3", port, "melder-test", "melder-test-secret", tuple(inner)
    )
    store.prepare()
    process = Process(store.launch(), server_directory / "s3.log")
    process.start()
    try:
        process.wait_ready(90)
        yield store, process
    finally:
        process.kill()


@pytest.fixture(scope="session")
def s3_server(s3_process: tuple[S3Store, Process]) -> S3Store:
    """A running S3 store."""
    return s3_process[0]


@pytest.fixture(scope="session")
def _mail_sink() -> "Iterator[MailSink]":
    from melder_common.testing.mail import MailSink

    sink = MailSink(free_ports(1)[0])
    sink.start()
    yield sink
    sink.stop()


@pytest.fixture
def mail_sink(_mail_sink: "MailSink") -> "MailSink":
    """An empty SMTP sink; ``mail_sink.received`` are parsed mails."""
    _mail_sink.forget()
    return _mail_sink
