"""Requests at a steady rate, each once and never again: what a restart must not make anybody feel."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

import httpx

from .citizens import Town
from .history import History, Promise

READ_PER_WRITE = 9


@dataclass(slots=True)
class Steady:
    """What came back. ``failed`` counts every answer that is not a success, and every broken call."""

    asked: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)

    def longest(self) -> float:
        """The longest anybody has waited, in seconds."""
        return max(self.waits, default=0.0)


async def ask_steadily(
    town: Town, history: History, steady: Steady, *, per_second: float, over: asyncio.Event
) -> None:
    """Open loop: a request begins when its time has come, however many are still under way."""
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=100)
    async with (
        httpx.AsyncClient(base_url=town.url, timeout=60, limits=limits) as http,
        asyncio.TaskGroup() as group,
    ):
        began, number = time.monotonic(), 0
        while not over.is_set():
            await asyncio.sleep(max(0.0, began + number / per_second - time.monotonic()))
            group.create_task(_ask(town, number, http, history, steady))
            number += 1


async def _ask(
    town: Town, number: int, http: httpx.AsyncClient, history: History, steady: Steady
) -> None:
    steady.asked += 1
    began = time.monotonic()
    writes = number % (READ_PER_WRITE + 1) == 0
    try:
        if writes:
            history.ask(town.token(number), town.email(number), 0)
            data = {"api_key": town.api_key, **town.fields(number)}
            answer = await http.post("/open311/v2/requests.json", data=data)
        else:
            answer = await http.get(_PAGES[number % len(_PAGES)])
    except httpx.TransportError as error:
        steady.failed[f"{'POST' if writes else 'GET'} {type(error).__name__}"] += 1
        return
    steady.waits.append(time.monotonic() - began)
    if not answer.is_success:
        steady.failed[
            f"{answer.request.method} {answer.request.url.path} {answer.status_code}"
        ] += 1
    elif writes:
        accepted = str(answer.json()[0]["service_request_id"])
        history.promise(Promise(accepted, town.token(number), town.email(number), 0))


_PAGES = (
    "/open311/v2/services.json",
    "/desk/login",
    "/open311/v2/requests.json?page_size=5",
    "/api/responsibility?lat=54.08&long=12.27",
    "/melden",
)
"""What is read meanwhile: intake and routing, with and without the database."""
