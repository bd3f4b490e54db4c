"""An Open311 server of somebody else, as good or bad as a test wants, and the line to it."""

import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from sqlalchemy import select

from melder_common.clock import utc_now
from melder_common.sealing import SealingKeys, generate_period_key, period_of
from melder_common.timer_runner import Timers
from melder_routing.domain.link_tokens import LinkKey
from melder_routing.domain.open311_entry import Open311Entry
from melder_routing.parts import Parts
from melder_routing.store.endpoints import put_endpoints
from melder_routing.store.link_office import LinkOffice
from melder_routing.store.open311_addresses import Open311Addresses
from melder_routing.store.open311_client import Open311Client
from melder_routing.store.open311_line import Open311Line
from melder_routing.store.outside_tables import open311_endpoint, outside_case
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.timers import TIMERS

KEY = "geheimer-schluessel"


@dataclass(frozen=True)
class Asked:
    """One request that came: form fields in order, files by field, headers."""

    method: str
    path: str
    fields: list[tuple[str, str]]
    files: dict[str, bytes]
    headers: dict[str, str]

    def one(self, name: str) -> str | None:
        return next((value for key, value in self.fields if key == name), None)


@dataclass(frozen=True)
class Answer:
    """What to say: a status, a body, headers; ``after_s`` drips it slowly."""

    status: int = 200
    body: bytes | str | object = b""
    headers: dict[str, str] = field(default_factory=dict)
    after_s: float = 0.0

    @property
    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


class FarServer:
    """Answers by (method, path) what a test put there; keeps everything it was asked."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answers: dict[tuple[str, str], list[Answer]] = {}
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = False  # so that closing waits for them and their sockets
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def says(self, method: str, path: str, *answers: Answer | object) -> None:
        """Answer in this order; the last one goes on."""
        plain = [one if isinstance(one, Answer) else Answer(body=one) for one in answers]
        self.answers[method, path] = plain

    def posts(self, path: str = "/requests.json") -> list[Asked]:
        return [one for one in self.asked if one.method == "POST" and one.path == path]

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        waiting = self.answers.get((asked.method, asked.path))
        if not waiting:
            return Answer(404, [{"code": "404", "description": "unknown"}])
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


def _handler(far: FarServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._respond("GET", b"")

        def do_POST(self) -> None:
            self._respond("POST", self.rfile.read(int(self.headers.get("content-length") or 0)))

        def _respond(self, method: str, body: bytes) -> None:
            path = urlsplit(self.path)
            fields, files = _read(self.headers, body) if body else (parse_qsl(path.query), {})
            answer = far.answer(Asked(method, path.path, fields, files, dict(self.headers)))
            content = answer.content
            far.closing.wait(answer.after_s)
            try:
                self.send_response(answer.status)
                for name, value in {"Content-Length": str(len(content)), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                return

        def log_message(self, *_: object) -> None:
            return

    return Handler


def _read(headers: Any, body: bytes) -> tuple[list[tuple[str, str]], dict[str, bytes]]:
    if "multipart" not in headers["content-type"]:
        return parse_qsl(body.decode(), keep_blank_values=True), {}
    head = f"Content-Type: {headers['content-type']}\r\n\r\n".encode()
    fields, files = [], {}
    for part in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        if part.get_filename():
            files[name] = content
        else:
            fields.append((name, content.decode()))
    return fields, files


@pytest.fixture
def far() -> Iterator[FarServer]:
    """Takes every case as number 4711 unless a test wants otherwise."""
    server = FarServer()
    server.says("POST", "/requests.json", [{"service_request_id": "4711", "service_notice": ""}])
    server.says("POST", "/servicerequestupdates.json", [{"update_id": "1"}])
    server.says("GET", "/servicerequestupdates.json", [])
    yield server
    server.close()


def photo_server(request: httpx.Request) -> httpx.Response:
    """Media, as far as released photos go."""
    return httpx.Response(200, content=b"JPEG " + request.url.path.encode())


@dataclass
class Outside:
    """The world whose Gemeinde Süd is reached at ``far``."""

    world: Any
    far: FarServer
    parts: Parts
    timers: Timers[Parts]

    async def declare(self, **changes: Any) -> Open311Entry:
        """As ``melder apply`` would write the entry of Süd."""
        plain = {"url": self.far.url, "key_file": "far-key", "services": {"lamp": "L 1"}}
        entry = Open311Entry(**{**plain, "updates": True, "poll_seconds": 1, **changes})
        async with self.world.worker.begin() as unit:
            await put_endpoints(unit.connection, {"sued": entry})
        return entry

    async def work(self) -> int:
        """Carry out all that is due until nothing is; how many timers that were."""
        done = 0
        while dues := await self.timers.claim(20):
            for due in dues:
                await self.timers.carry_out(due)
            done += len(dues)
        return done

    async def listen(self) -> None:
        """Ask the endpoint now."""
        async with self.world.worker.begin() as unit:
            await unit.plan("open311_listen", "sued", at=unit.now)
        dues = await self.timers.claim(20)
        for due in dues:
            await self.timers.carry_out(due)
        async with self.world.worker.begin() as unit:
            await unit.cancel("open311_listen", "sued")
        await self.work()

    async def row(self) -> Any:
        """The only outside case."""
        async with self.world.worker.engine.connect() as connection:
            return (await connection.execute(select(outside_case))).one()

    async def endpoint(self) -> Any:
        async with self.world.worker.engine.connect() as connection:
            return (await connection.execute(select(open311_endpoint))).one()

    def at(self, moment: datetime) -> None:
        """Move the clock."""
        self.world.clock.fixed = moment


def make_office(directory: Path) -> LinkOffice:
    """Makes links, and seals them for notify; the opening key lies in ``opening``."""
    public, private = directory / "sealing", directory / "opening"
    generate_period_key(period_of(utc_now()), public_dir=public, private_dir=private)
    return LinkOffice(LinkKey(b"l" * 32), SealingKeys.load(public), "https://melden.example")


@pytest.fixture
async def outside(world: Any, far: FarServer, tmp_path: Path) -> AsyncIterator[Outside]:
    (tmp_path / "far-key").write_text(KEY)
    async with (
        httpx.AsyncClient(trust_env=False) as http,
        httpx.AsyncClient(
            transport=httpx.MockTransport(photo_server), base_url="http://media"
        ) as media,
    ):
        client = Open311Client(http)
        line = Open311Line(client, Open311Addresses(client, tmp_path), media)
        parts = Parts(Rulebooks(), line, make_office(tmp_path), "https://melden.example")
        timers = Timers(world.worker, TIMERS, parts, holder="test")
        yield Outside(world, far, parts, timers)


@pytest.fixture
def make_answer() -> Callable[..., Answer]:
    """An answer with a status, a body, headers, a delay."""
    return Answer
