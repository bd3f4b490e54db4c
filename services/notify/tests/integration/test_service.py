"""The service as it is started: killed between the server's 250 and its own commit."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from melder_common.testing.nats import NatsServer
from melder_common.testing.ports import free_ports

pytestmark = pytest.mark.integration


@pytest.fixture
def environment(
    town: Any, nats_server: NatsServer, key_dirs: tuple[Path, Path], tmp_path: Path
) -> dict[str, str]:
    secrets = {"LINK_KEY": b"k" * 32, "CONTACT_KEY": b"m" * 32, "INTERNAL_TOKEN": b"t" * 32}
    for name, key in secrets.items():
        (tmp_path / name).write_text(key.hex())
    settings = {
        "DATABASE_URL": town.units.engine.url.render_as_string(),
        "NATS_URL": nats_server.url,
        "PUBLIC_URL": "https://melder.example",
        "PORT": str(free_ports(1)[0]),
        "SEALING_PRIVATE_DIR": str(key_dirs[1]),
        "SMTP_PORT": str(town.sink.port),
        "SMTP_TLS": "none",
        "MAIL_FROM": "meldungen@melder.example",
        **{f"{name}_FILE": str(tmp_path / name) for name in secrets},
    }
    return {f"NOTIFY_{name}": value for name, value in settings.items()}


@contextmanager
def serving(environment: dict[str, str], crash_at: str = "") -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-c", "from melder_notify.commands import app; app()", "serve"],
        env={**os.environ, **environment, "CRASH_AT": crash_at},
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(30)


async def wait_until(true: Callable[[], Awaitable[bool]], what: str) -> None:
    deadline = time.monotonic() + 60
    while not await true():
        assert time.monotonic() < deadline, f"not within 60 s: {what}"
        await asyncio.sleep(0.05)


async def test_a_crash_after_the_250_sends_the_same_mail_again_and_records_it_once(
    town: Any, environment: dict[str, str]
) -> None:
    town.now = datetime.now(UTC)
    await town.hear(town.routed(await town.submit()))

    with serving(environment, crash_at="after_smtp") as process:
        assert process.wait(60) == -signal.SIGKILL
    assert len(town.sink.received) == 1
    assert await town.states() == [("receipt", "sending")]
    assert await town.spoken() == []
    async with town.units.begin() as unit:
        await unit.connection.exec_driver_sql("UPDATE notify.due SET claimed_until = now()")

    with serving(environment):
        await wait_until(partial(is_ready, environment["NOTIFY_PORT"]), "ready")
        await wait_until(partial(is_sent, town), "the mail is sent again and recorded")
    first, second = town.sink.received
    assert first["Message-ID"] == second["Message-ID"]
    assert [said.event.NAME for said in await town.spoken()] == ["notification.sent.v1"]


async def is_ready(port: str) -> bool:
    async with httpx.AsyncClient() as client:
        try:
            return (await client.get(f"http://127.0.0.1:{port}/healthz/ready")).is_success
        except httpx.TransportError:
            return False


async def is_sent(town: Any) -> bool:
    return bool(await town.states() == [("receipt", "sent")])
