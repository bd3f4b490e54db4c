"""A service as a process: quiet headers, unready before it stops, nothing cut off, status 0."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import httpx
import pytest

from melder_common.testing.ports import free_ports, is_open

pytestmark = pytest.mark.integration

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
PROGRAM = """
import asyncio
from types import SimpleNamespace
from fastapi import FastAPI
from melder_common.database import make_engine
from melder_common.edges import install_edges
from melder_common.serving import serve
from melder_common.settings import ServiceSettings, load_settings

def build_app(settings):
    app = FastAPI()
    engine = make_engine(settings.database_url, application_name="probe")
    install_edges(app, SimpleNamespace(name="probe", settings=settings, engine=engine))

    working = []

    @app.get("/working")
    async def whats_working():
        return working

    @app.get("/slow")
    async def slow():
        working.append("/slow")
        await asyncio.sleep(2)
        return "whole"

    return app

serve(build_app, load_settings(ServiceSettings))
"""


class Service:
    def __init__(self, tmp_path: Path, port: int, **more: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.log = tmp_path / f"log-{port}-{time.monotonic_ns()}"
        environment = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": "postgresql+asyncpg://nobody@127.0.0.1:9/none",
            "PUBLIC_URL": "http://127.0.0.1:8000",
            "PORT": str(port),
            "INTERNAL_TOKEN_FILE": str(tmp_path / "token"),
            "DRAIN_SECONDS": "1",
            **more,
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM], env=environment, stdout=log, stderr=log
            )
        while not is_open(port) and self.process.poll() is None:
            time.sleep(0.02)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path, free_ports(1)[0])
    yield service
    service.stop()


def test_a_stop_is_announced_and_cuts_nothing_off(service: Service) -> None:
    alive = httpx.get(f"{service.url}/healthz/live")
    assert alive.status_code == 200, service.log.read_text()
    assert "server" not in alive.headers
    assert httpx.get(f"{service.url}/healthz/ready").json()["missing"] == ["database"]
    answers: list[str] = []
    request = threading.Thread(
        target=lambda: answers.append(httpx.get(f"{service.url}/slow", timeout=30).text)
    )
    request.start()
    while '"/slow"' not in httpx.get(f"{service.url}/working").text:
        time.sleep(0.01)
    service.process.send_signal(signal.SIGTERM)
    while httpx.get(f"{service.url}/healthz/ready").json()["missing"] != ["draining"]:
        time.sleep(0.01)
    request.join()
    assert answers == ['"whole"']
    assert service.process.wait(30) == 0
    log = service.log.read_text()
    assert "asked_to_stop" in log
    assert all(line.startswith("{") for line in log.splitlines()), log


def test_a_port_in_use_ends_with_a_status_and_a_reason(tmp_path: Path, service: Service) -> None:
    second = Service(tmp_path, int(service.url.rpartition(":")[2]))
    assert second.process.wait(30) != 0
    assert "address already in use" in second.log.read_text()


class Collector(BaseHTTPRequestHandler):
    """Notes what an OTLP exporter sends."""

    sent: ClassVar[list[tuple[str, bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.sent.append((self.path, body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


def test_spans_leave_for_the_collector_at_the_latest_at_the_end(tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as collector:
        threading.Thread(target=collector.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{collector.server_port}"
        service = Service(tmp_path, free_ports(1)[0], OTLP_ENDPOINT=endpoint, DRAIN_SECONDS="0")
        try:
            answer = httpx.get(f"{service.url}/working", headers={"traceparent": PARENT})
            assert answer.status_code == 200
            service.process.send_signal(signal.SIGTERM)
            assert service.process.wait(30) == 0, service.log.read_text()
        finally:
            service.stop()
            collector.shutdown()
    ((path, body),) = Collector.sent
    assert path == "/v1/traces"
    assert b"GET /working" in body
    assert bytes.fromhex(PARENT[3:35]) in body
    assert PARENT[3:35] in service.log.read_text()
