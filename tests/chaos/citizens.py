"""Many citizens at once: each reports something, tries until it is answered, and notes the promise."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

import httpx

from .history import History, Promise

PATIENCE_S = 120.0


_LETTERS = str.maketrans("0123456789abcdef", "ghijklmnopqrstuv")


def in_letters(hexadecimal: str) -> str:
    """A number as letters only: masking leaves those alone."""
    return hexadecimal.translate(_LETTERS)


@dataclass(slots=True)
class Crowd:
    """What the citizens lived through. ``waits``: seconds until the answer, retries included."""

    open: int = 0
    retries: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)

    def note_failure(self, what: str) -> None:
        """Count one try that did not end well."""
        self.failures[what] = self.failures.get(what, 0) + 1


@dataclass(slots=True)
class Town:
    """Where they report: the gateway, an API key, and the words that mark this run."""

    url: str
    api_key: str
    seed: int
    run: str
    photo: bytes = b""
    photo_every: int = 40

    def fields(self, number: int) -> dict[str, str]:
        """The ``number``-th report of this seed, the same in every run of it but for the mark."""
        chance = Random(f"{self.seed}/{number}")
        return {
            "service_code": "road-pothole",
            "lat": f"{54.0790 + chance.random() * 0.004:.6f}",
            "long": f"{12.2680 + chance.random() * 0.006:.6f}",
            "description": f"{self.token(number)}: hier ist etwas kaputt, seit einigen Tagen schon.",
            "email": self.email(number),
        }

    def token(self, number: int) -> str:
        """The one word that only this report's text has; digits would look like a phone number."""
        return f"probe-{self.run}-{in_letters(f'{number:06x}')}"

    def email(self, number: int) -> str:
        """An address of its own for every report."""
        return f"{self.run}-{number:05d}@buerger.example"

    def photos_of(self, number: int) -> tuple[bytes, ...]:
        """Every so many reports have a photo."""
        return (self.photo,) if self.photo and number % self.photo_every == 0 else ()


async def report_all(
    town: Town,
    history: History,
    crowd: Crowd,
    *,
    per_second: float,
    done: Callable[[int], bool],
    citizens: int = 16,
) -> None:
    """Begin ``per_second`` reports in each second until ``done(begun)``, then wait for the answers."""
    places = asyncio.Semaphore(citizens)
    limits = httpx.Limits(max_connections=citizens, max_keepalive_connections=citizens)
    async with (
        httpx.AsyncClient(base_url=town.url, timeout=30, limits=limits) as http,
        asyncio.TaskGroup() as group,
    ):
        began, number = time.monotonic(), 0
        while not done(number):
            await asyncio.sleep(max(0.0, began + number / per_second - time.monotonic()))
            await places.acquire()
            task = group.create_task(_report(town, number, http, history, crowd))
            task.add_done_callback(lambda _: places.release())
            number += 1


async def _report(
    town: Town, number: int, http: httpx.AsyncClient, history: History, crowd: Crowd
) -> None:
    photos = town.photos_of(number)
    history.ask(town.token(number), town.email(number), len(photos))
    crowd.open += 1
    began = time.monotonic()
    try:
        accepted = await _until_answered(town, number, http, crowd)
    finally:
        crowd.open -= 1
    if accepted is None:
        crowd.given_up.append(town.token(number))
        return
    crowd.waits.append(time.monotonic() - began)
    history.promise(Promise(accepted, town.token(number), town.email(number), len(photos)))


async def _until_answered(
    town: Town, number: int, http: httpx.AsyncClient, crowd: Crowd
) -> str | None:
    """The number of the accepted report; the same key at every try."""
    key = str(UUID(int=Random(f"{town.run}/{number}").getrandbits(128)))
    files = [("media", ("schaden.jpg", one, "image/jpeg")) for one in town.photos_of(number)]
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            answer = await http.post(
                "/open311/v2/requests.json",
                data={"api_key": town.api_key, **town.fields(number)},
                files=files or None,
                headers={"Idempotency-Key": key},
            )
        except httpx.TransportError as error:
            crowd.note_failure(type(error).__name__)
        else:
            if answer.is_success:
                return str(answer.json()[0]["service_request_id"])
            crowd.note_failure(f"{answer.status_code}")
            if answer.status_code < 500 and answer.status_code != 429:
                raise AssertionError(f"{answer.status_code} {answer.text}")
        crowd.retries += 1
        await asyncio.sleep(0.3)
    return None
