"""Asking routing who is responsible: the one call that somebody waits for, so it may fail."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import structlog

from melder_common.geo import Coordinate
from melder_common.resilience import CircuitBreaker

T = TypeVar("T")

_log = structlog.get_logger("melder.intake.responsibility")


@dataclass(frozen=True, slots=True)
class Hint:
    """What routing says of a place. ``status``: decided, ambiguous, unserved or outside.

    ``elsewhere``: the serving body is responsible, but takes no part in this installation.
    ``expected``: so near a border, or just outside, that the body is likely and not certain.
    """

    status: str
    reason: str
    responsible: str | None = None
    municipality: str | None = None
    expected: bool = False
    elsewhere: bool = False
    serving_name: str | None = None
    serving_contact: str | None = None


class Responsibility:
    """A client with a deadline and a circuit breaker: routing's troubles are not the reporter's."""

    def __init__(
        self, client: httpx.AsyncClient, *, wait_s: float, breaker: CircuitBreaker | None = None
    ) -> None:
        self._client = client
        self._wait_s = wait_s
        self._breaker = breaker or CircuitBreaker()

    async def ask(
        self,
        place: Coordinate,
        *,
        category: str | None = None,
        language: str = "de",
        accuracy_m: float | None = None,
        asset_id: str | None = None,
    ) -> Hint | None:
        """The decision for ``place``; None when routing does not answer in time.

        ``accuracy_m``: radius in metres; ``asset_id``: the number on the lamp or bench.
        """
        query = {"lat": str(place.lat), "long": str(place.long), "language": language}
        if category:
            query["service_code"] = category
        if accuracy_m is not None:
            query["accuracy_m"] = f"{accuracy_m:g}"
        if asset_id:
            query["asset_id"] = asset_id
        return await self._ask("/internal/responsibility", query, _hint)

    async def services_at(self, place: Coordinate) -> Mapping[str, str | None] | None:
        """What can be reported at ``place``, with the responsible body's name where one is known.

        None when routing does not answer in time.
        """
        query = {"lat": str(place.lat), "long": str(place.long)}
        return await self._ask("/internal/services", query, _services)

    async def services_of(self, body: str) -> Collection[str] | None:
        """What can be reported to ``body`` (slug); None when routing does not answer in time."""
        return await self._ask("/internal/services", {"body": body}, _services)

    async def _ask(
        self, path: str, query: dict[str, str], read: Callable[[dict[str, Any]], T]
    ) -> T | None:
        if not self._breaker.allows():
            return None
        try:
            answer = await self._client.get(path, params=query, timeout=self._wait_s)
            answer.raise_for_status()
            found = read(answer.json())
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
            self._breaker.fail()
            _log.warning("routing gave no hint", error=type(error).__name__)
            return None
        self._breaker.succeeded()
        return found


def _services(said: dict[str, Any]) -> Mapping[str, str | None]:
    return {
        str(slug): str(body["name"]) if body else None for slug, body in said["services"].items()
    }


def _hint(said: dict[str, Any]) -> Hint:
    responsible = said.get("responsible") or {}
    serving = said.get("serving_body") or {}
    clearing = (said.get("working") or {}).get("slug")
    named = serving.get("slug")
    return Hint(
        status=str(said["status"]),
        reason=str(said.get("reason") or ""),
        responsible=responsible.get("name"),
        municipality=said.get("municipality"),
        expected=bool(said.get("border") or said.get("snapped")),
        elsewhere=said["status"] == "unserved" and named is not None and named != clearing,
        serving_name=serving.get("name"),
        serving_contact=serving.get("contact"),
    )
