"""Numbers for Prometheus: requests by route template, and whatever a service registers."""

from collections.abc import Awaitable, Callable

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from starlette.responses import Response

DURATIONS_S = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """One registry per app. ``before_scrape`` callbacks refresh gauges that need the database."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self.requests = Counter(
            "melder_http_requests",
            "Requests by method, route template and status.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.durations = Histogram(
            "melder_http_request_seconds",
            "Time to the end of the answer, by route template.",
            ["route"],
            buckets=DURATIONS_S,
            registry=self.registry,
        )
        self._before_scrape: list[Callable[[], Awaitable[None]]] = []

    def before_scrape(self, refresh: Callable[[], Awaitable[None]]) -> None:
        """Have ``refresh`` called before each answer of ``/metrics``."""
        self._before_scrape.append(refresh)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self.requests.labels(method if method in METHODS else "other", route, str(status)).inc()
        self.durations.labels(route).observe(seconds)

    async def answer(self) -> Response:
        """All metrics in Prometheus' text format."""
        for refresh in self._before_scrape:
            await refresh()
        return Response(
            generate_latest(self.registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )
