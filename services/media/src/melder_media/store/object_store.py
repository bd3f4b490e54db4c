"""The S3 store, by the minio SDK in threads: bounded waiting, no surprises.

Plain S3 only: put, get, list, delete, make bucket. A store that fails is left alone for some
seconds, so that an outage costs uploads no time.
"""

import asyncio
import io
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TypeVar

import structlog
import urllib3
from minio import Minio
from minio.deleteobjects import DeleteObject
from minio.error import MinioException, S3Error

from melder_common.resilience import CircuitBreaker

T = TypeVar("T")

_log = structlog.get_logger("melder.media")

CONNECT_SECONDS = 2.0
READ_SECONDS = 5.0
CALL_SECONDS = 15.0
"""A call as a whole; uploads by people wait less (``deadline``)."""

_THREADS = 8
_SINGLE_PUT = 64 << 20
_NO_BUCKET = "NoSuchBucket"
_MISSING = frozenset({"NoSuchKey", "NoSuchObject", _NO_BUCKET})


class StoreUnavailable(Exception):
    """The store does not answer, or not in time, or with an error of its own: try later."""


class ObjectMissing(Exception):
    """There is no object of that name."""


class ObjectStore:
    """One S3 endpoint; ``close`` it at the end."""

    def __init__(
        self,
        endpoint: str,
        *,
        access_key: str,
        secret_key: str,
        secure: bool,
        region: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
            maxsize=_THREADS,
            retries=urllib3.Retry(0),
        )
        self._client = Minio(
            endpoint,
            access_key=access_key,
            secret_key=secret_key,
            secure=secure,
            region=region,
            http_client=self._http,
        )
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="s3")
        self._working = 0
        self._breaker = CircuitBreaker(failures=1, rest_s=5, clock=clock)

    async def put(
        self, bucket: str, name: str, content: bytes, *, deadline: float = CALL_SECONDS
    ) -> None:
        """Keep ``content`` as ``name``, replacing what was there. Raises StoreUnavailable.

        The bucket is made when it is missing: a new or restored store needs no further step.
        """

        def put() -> None:
            self._put(bucket, name, content)

        await self._call(put, deadline)

    async def get(self, bucket: str, name: str) -> bytes:
        """The object's bytes. Raises ObjectMissing, StoreUnavailable."""
        return await self._call(lambda: self._get(bucket, name))

    async def list_names(
        self, bucket: str, prefix: str = "", *, after: str | None = None
    ) -> list[tuple[str, datetime]]:
        """Names that begin with ``prefix`` and come ``after`` another, with their last change.

        Raises StoreUnavailable.
        """
        return await self._call(lambda: self._list(bucket, prefix, after), deadline=120)

    async def delete(self, bucket: str, names: Iterable[str]) -> None:
        """Remove objects; those that are gone already do not matter. Raises StoreUnavailable."""
        wanted = [DeleteObject(name) for name in names]
        if wanted:
            await self._call(lambda: self._delete(bucket, wanted))

    def close(self) -> None:
        """Give up what is under way."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._http.clear()

    async def _call(self, work: Callable[[], T], deadline: float = CALL_SECONDS) -> T:
        if self._working >= _THREADS or not self._breaker.allows():
            raise StoreUnavailable("the object store rests after a failure, or is busy")
        self._working += 1
        future = asyncio.get_running_loop().run_in_executor(self._threads, work)
        future.add_done_callback(self._finished)
        try:
            async with asyncio.timeout(deadline):
                answer = await asyncio.shield(future)
        except ObjectMissing:
            self._breaker.succeeded()
            raise
        except (MinioException, urllib3.exceptions.HTTPError, TimeoutError, OSError) as error:
            self._breaker.fail()
            reason = f"{type(error).__name__} {getattr(error, 'code', '')}".strip()
            _log.warning("object_store_failed", reason=reason)
            raise StoreUnavailable(f"the object store failed: {reason}") from error
        self._breaker.succeeded()
        return answer

    def _finished(self, future: "asyncio.Future[T]") -> None:
        self._working -= 1
        if not future.cancelled():
            future.exception()  # seen here, so that a call given up is not reported as unhandled

    def _put(self, bucket: str, name: str, content: bytes) -> None:
        try:
            self._put_once(bucket, name, content)
        except S3Error as error:
            if error.code != _NO_BUCKET:
                raise
            self._make_bucket(bucket)
            self._put_once(bucket, name, content)

    def _put_once(self, bucket: str, name: str, content: bytes) -> None:
        self._client.put_object(
            bucket, name, io.BytesIO(content), len(content), part_size=_SINGLE_PUT
        )

    def _make_bucket(self, bucket: str) -> None:
        try:
            self._client.make_bucket(bucket)
        except S3Error as error:
            if error.code not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
                raise

    def _get(self, bucket: str, name: str) -> bytes:
        try:
            answer = self._client.get_object(bucket, name)
        except S3Error as error:
            if error.code in _MISSING:
                raise ObjectMissing(name) from error
            raise
        try:
            return answer.read()
        finally:
            answer.close()
            answer.release_conn()

    def _list(self, bucket: str, prefix: str, after: str | None) -> list[tuple[str, datetime]]:
        try:
            return [
                (found.object_name, found.last_modified)
                for found in self._client.list_objects(
                    bucket, prefix=prefix, recursive=True, start_after=after
                )
            ]
        except S3Error as error:
            if error.code == _NO_BUCKET:
                return []
            raise

    def _delete(self, bucket: str, names: list[DeleteObject]) -> None:
        try:
            failures = list(self._client.remove_objects(bucket, names))
        except S3Error as error:
            if error.code == _NO_BUCKET:
                return
            raise
        for failure in failures:
            if failure.code not in _MISSING:
                raise StoreUnavailable(f"the object store did not delete: {failure.code}")
