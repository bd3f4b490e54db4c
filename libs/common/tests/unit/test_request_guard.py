"""No request is endless, huge, compressed or full of NUL bytes; internal ones need the token."""

import asyncio
import errno
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
import structlog
from fastapi import FastAPI, Form, Request, UploadFile

from melder_common.edges import AnswerErrors
from melder_common.internal_auth import internal_headers, require_internal
from melder_common.problems import install_problem_handlers, unavailable
from melder_common.request_guard import RequestGuard
from melder_common.text import LongText


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()

    @app.post("/form")
    async def form(description: Annotated[LongText, Form()]) -> str:
        return description

    @app.post("/photos")
    async def photo(photo: UploadFile) -> int:
        return len(await photo.read())

    @app.post("/raw")
    async def raw(request: Request) -> int:
        return len(await request.body())

    @app.post("/early")
    async def early() -> None:
        raise unavailable()

    @app.post("/breaks")
    async def breaks() -> None:
        raise ZeroDivisionError

    @app.post("/half")
    async def half(request: Request) -> None:
        async for _ in request.stream():
            raise OSError(errno.ENOSPC, "no room for a temporary file")

    @app.get("/reports/{number}")
    async def report(number: str) -> str:
        return number

    @app.get("/internal/thing")
    async def internal(request: Request) -> str:
        await require_internal("s3cret")(request)
        return "in"

    install_problem_handlers(app)
    app.add_middleware(RequestGuard, body_limits={"/photos": 3_000_000}, pause_s=0.1)
    app.add_middleware(AnswerErrors, app_with_answers=app)
    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://melder") as client:
        yield client


def is_problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    document: dict[str, Any] = response.json()
    assert (response.status_code, document["code"]) == (status, code)
    return document


@pytest.mark.parametrize(
    "headers", [{"Content-Length": "5000000"}, {}], ids=["by header", "by count"]
)
async def test_who_sends_too_much_may_finish_and_hears_why(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(5):
            sent += 1_000_000
            yield b"x" * 1_000_000

    refused = await client.post("/raw", content=body(), headers=headers)
    is_problem(refused, 413, "too-large")
    assert sent == 5_000_000


@pytest.mark.parametrize(
    ("path", "status"), [("/early", 503), ("/breaks", 500), ("/nowhere", 404), ("/half", 503)]
)
async def test_an_error_known_early_is_told_when_all_was_sent(
    client: httpx.AsyncClient, path: str, status: int
) -> None:
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(5):
            sent += 100_000
            yield b"x" * 100_000

    answer = await client.post(path, content=body())
    assert answer.status_code == status
    assert sent == 500_000, "closed over unread bytes, TCP would have taken the answer along"


async def test_large_bodies_are_refused_by_header_and_by_count(client: httpx.AsyncClient) -> None:
    megabyte = b"x" * 1024 * 1024
    assert (await client.post("/raw", content=megabyte)).json() == len(megabyte)
    refused = await client.post("/raw", content=megabyte + b"x")
    assert is_problem(refused, 413, "too-large")["limit_bytes"] == len(megabyte)

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield megabyte

    is_problem(await client.post("/raw", content=endless()), 413, "too-large")
    form = {"description": "x" * 2_000_000}
    is_problem(await client.post("/form", data=form), 413, "too-large")
    good = await client.post("/photos", files={"photo": b"x" * 2_500_000})
    assert good.json() == 2_500_000
    large = await client.post("/photos", files={"photo": b"x" * 3_500_000})
    is_problem(large, 413, "too-large")

    async def streamed_form() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="photo"; filename="x"\r\n\r\n'
        for _ in range(5):
            yield megabyte

    multipart = {"Content-Type": "multipart/form-data; boundary=b"}
    is_problem(
        await client.post("/photos", content=streamed_form(), headers=multipart), 413, "too-large"
    )


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "nonsense", "gzip, gzip"])
async def test_compressed_bodies_are_refused(client: httpx.AsyncClient, coding: str) -> None:
    answer = await client.post("/raw", content=b"x", headers={"Content-Encoding": coding})
    is_problem(answer, 415, "content-encoding-not-supported")


async def test_of_a_header_given_twice_the_first_counts(client: httpx.AsyncClient) -> None:
    for first, status in (("gzip", 415), ("identity", 200)):
        headers = [("Content-Encoding", first), ("Content-Encoding", "identity")]
        assert (await client.post("/raw", content=b"x", headers=headers)).status_code == status


async def test_nul_bytes_and_monstrous_heads_are_refused(client: httpx.AsyncClient) -> None:
    is_problem(await client.get("/reports/%00"), 400, "invalid-address")
    is_problem(await client.get("/reports/1?lat=%00"), 400, "invalid-address")
    is_problem(await client.get("/reports/1?lat=" + "1" * 9000), 414, "address-too-long")
    heavy = {"X-Heavy": "x" * 33_000}
    is_problem(await client.get("/reports/1", headers=heavy), 431, "headers-too-large")


async def test_broken_multipart_is_a_client_problem(client: httpx.AsyncClient) -> None:
    for kind, body in [
        ("multipart/form-data; boundary=b", b"--b\r\nnonsense"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b; charset=nonsense", b"--b\r\n\r\n--b--"),
        ("application/x-www-form-urlencoded; charset=nonsense", b"description=%ff"),
    ]:
        answer = await client.post("/form", content=body, headers={"Content-Type": kind})
        assert answer.status_code in {200, 400, 422}, kind


async def test_a_client_that_hangs_up_is_no_error_of_ours(app: FastAPI) -> None:
    sent: list[Any] = []
    coming = iter([{"type": "http.request", "body": b"x", "more_body": True}])

    async def receive() -> Any:
        return next(coming, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/raw", "query_string": b"", "root_path": "",
        "headers": [], "scheme": "http", "server": ("melder", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    with structlog.testing.capture_logs() as lines:
        await app(scope, receive, send)
    assert sent[0]["status"] == 400
    assert lines == []


async def test_a_client_that_pauses_too_long_is_let_go(client: httpx.AsyncClient) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.Event().wait()

    answer = await client.post("/raw", content=slow())
    is_problem(answer, 408, "request-timeout")
    assert answer.headers["connection"] == "close"


async def test_internal_calls_need_the_token(client: httpx.AsyncClient) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic s3cret"}):
        answer = await client.get("/internal/thing", headers=headers)
        is_problem(answer, 401, "internal-token-required")
    answer = await client.get("/internal/thing", headers=internal_headers("s3cret"))
    assert answer.json() == "in"
