"""The server that leads a stream of a NATS cluster: who it is, and its death."""

import asyncio
import os
import signal
import time
from typing import Any

import nats
import orjson

from melder_common.settings import read_secret
from melder_common.streams import stream_of
from melder_common.testing.ports import is_open
from melder_local.stack import Stack
from melder_local.system import System, eventually
from melder_operator.nats_users import OPERATOR

from .schedule import Fault

AWAY_S = 8.0
"""Longer than the others need to choose another leader."""


def kill_leader(system: System, fault: Fault) -> None:
    """SIGKILL to the server that leads the stream of ``fault.part``; it is away for a while."""
    part = asyncio.run(stream_info(system, fault.part))["cluster"]["leader"]
    config = system.place.run / part / "nats.conf"
    aside = config.with_suffix(".aside")
    config.rename(aside)  # without it no start succeeds, however often the supervisor tries
    try:
        os.kill(int(system.parts()[part]["pid"]), signal.SIGKILL)
        time.sleep(AWAY_S)
    finally:
        aside.rename(config)
    port = next(one.port for one in Stack(system.place).nats if one.name == part)
    eventually(lambda: is_open(port), what=f"{part} back")


async def stream_info(system: System, speaker: str) -> dict[str, Any]:
    """What JetStream says of a speaker's stream: its configuration, and who leads it."""
    client = await nats.connect(
        system.place.nats_url.split(","),
        user=OPERATOR,
        password=read_secret(system.place.secrets / "nats" / OPERATOR),
    )
    try:
        answer = await client.request(f"$JS.API.STREAM.INFO.{stream_of(speaker)}", timeout=10)
        found: dict[str, Any] = orjson.loads(answer.data)
        return found
    finally:
        await client.close()
