"""What the service expects of any S3 store; runs against whichever store the fixture starts."""

import asyncio
import socket
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import urllib3

from melder_common.testing.ports import free_ports
from melder_common.testing.s3 import S3Store
from melder_media.store.object_store import ObjectMissing, ObjectStore, StoreUnavailable

pytestmark = pytest.mark.integration

BUCKET = "contract"


def connect(endpoint: str, store: S3Store) -> ObjectStore:
    return ObjectStore(
        endpoint,
        access_key=store.access_key,
        secret_key=store.secret_key,
        secure=False,
        region="us-east-1",
    )


@pytest.fixture
async def objects(s3_server: S3Store) -> AsyncIterator[ObjectStore]:
    store = connect(s3_server.endpoint, s3_server)
    yield store
    await store.delete(BUCKET, [name for name, _ in await store.list_names(BUCKET)])
    store.close()


@pytest.mark.parametrize("size", [0, 1, 1_000_000, 21_000_000])
async def test_what_is_put_can_be_got(objects: ObjectStore, size: int) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    await objects.put(BUCKET, "a/b.bin", content[:size])
    assert await objects.get(BUCKET, "a/b.bin") == content[:size]


async def test_the_later_put_wins(objects: ObjectStore) -> None:
    await objects.put(BUCKET, "same", b"first")
    await objects.put(BUCKET, "same", b"second")
    assert await objects.get(BUCKET, "same") == b"second"


async def test_a_missing_object_is_named_so(objects: ObjectStore) -> None:
    for bucket in (BUCKET, "bucket-that-never-was"):
        with pytest.raises(ObjectMissing):
            await objects.get(bucket, "nothing")


async def test_listing_by_prefix_finds_all(objects: ObjectStore) -> None:
    wanted = {f"p/{n:04}" for n in range(25)}
    await asyncio.gather(*(objects.put(BUCKET, name, b"x") for name in list(wanted)[:8]))
    for name in list(wanted)[8:]:
        await objects.put(BUCKET, name, b"x")
    await objects.put(BUCKET, "q/other", b"x")
    assert {name for name, _ in await objects.list_names(BUCKET, "p/")} == wanted
    later = {name for name, _ in await objects.list_names(BUCKET, after="p/0019")}
    assert later == {"p/0020", "p/0021", "p/0022", "p/0023", "p/0024", "q/other"}
    assert await objects.list_names("bucket-that-never-was") == []


async def test_deleting_is_final_and_may_be_repeated(objects: ObjectStore) -> None:
    await objects.put(BUCKET, "gone", b"x")
    for _ in range(2):
        await objects.delete(BUCKET, ["gone", "never-there"])
    with pytest.raises(ObjectMissing):
        await objects.get(BUCKET, "gone")
    await objects.delete(BUCKET, [])
    await objects.delete("bucket-that-never-was", ["nothing"])


async def test_a_missing_bucket_is_made(objects: ObjectStore) -> None:
    bucket = f"new-{uuid4().hex[:8]}"
    await objects.put(bucket, "first", b"x")
    assert await objects.get(bucket, "first") == b"x"


async def test_strangers_get_nothing(objects: ObjectStore, s3_server: S3Store) -> None:
    await objects.put(BUCKET, "private", b"x")
    answer = await asyncio.to_thread(
        urllib3.request, "GET", f"http://{s3_server.endpoint}/{BUCKET}/private", retries=False
    )
    assert answer.status == 403


async def test_a_wrong_key_is_an_outage(s3_server: S3Store) -> None:
    wrong = ObjectStore(
        s3_server.endpoint,
        access_key="melder-test",
        secret_key="wrong",
        secure=False,
        region="us-east-1",
    )
    with pytest.raises(StoreUnavailable):
        await wrong.get(BUCKET, "private")
    wrong.close()


async def test_nobody_listening_is_an_outage_and_costs_time_once(s3_server: S3Store) -> None:
    now = 0.0
    store = ObjectStore(
        f"127.0.0.1:{free_ports(1)[0]}",
        access_key="a",
        secret_key="b",
        secure=False,
        region="us-east-1",
        clock=lambda: now,
    )
    with pytest.raises(StoreUnavailable, match="failed"):
        await store.put(BUCKET, "x", b"x")
    with pytest.raises(StoreUnavailable, match="rests"):
        await store.put(BUCKET, "x", b"x")
    now = 60.0
    with pytest.raises(StoreUnavailable, match="failed"):
        await store.put(BUCKET, "x", b"x")
    store.close()


async def test_a_silent_store_is_given_up_at_the_deadline(s3_server: S3Store) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = connect(f"127.0.0.1:{silent.getsockname()[1]}", s3_server)
        with pytest.raises(StoreUnavailable, match="TimeoutError"):
            await store.put(BUCKET, "x", b"x", deadline=0.2)
        store.close()
