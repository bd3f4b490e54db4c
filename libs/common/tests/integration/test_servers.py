"""The parts that tests stand on are real and answer."""

import asyncpg
import nats
import pytest
from minio import Minio

from melder_common.provisioning import provision
from melder_common.testing.nats import NatsServer
from melder_common.testing.postgres import PostgresCluster
from melder_common.testing.s3 import S3Store

pytestmark = pytest.mark.integration


async def test_provisioning_twice_gives_roles_without_power(postgres: PostgresCluster) -> None:
    await provision(postgres.dsn())
    await provision(postgres.dsn())
    connection = await asyncpg.connect(postgres.dsn("postgres", "routing_desk"))
    try:
        assert await connection.fetchval("SELECT postgis_lib_version()")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("CREATE TABLE public.mine (id int)")
    finally:
        await connection.close()


async def test_jetstream_keeps_a_message(nats_server: NatsServer) -> None:
    client = await nats.connect(nats_server.url)
    stream = client.jetstream()
    await stream.add_stream(name="PROBE", subjects=["probe.>"])
    assert (await stream.publish("probe.one", b"hello")).seq == 1
    await stream.delete_stream("PROBE")
    await client.close()


def test_s3_refuses_strangers_and_serves_its_own(s3_server: S3Store) -> None:
    client = Minio(s3_server.endpoint, s3_server.access_key, s3_server.secret_key, secure=False)
    client.make_bucket("probe")
    assert "probe" in {bucket.name for bucket in client.list_buckets()}
