"""The rim of every service: what surrounds all its routes, put on by one call."""

import re
import time
from collections.abc import Mapping
from typing import Protocol

import structlog
from fastapi import FastAPI, Request
from opentelemetry.trace import SpanKind
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from melder_common.client_address import ForwardedHeaders, TrustedProxies
from melder_common.health import Health, health_router
from melder_common.ids import new_id
from melder_common.metrics import Metrics
from melder_common.problems import Render, install_problem_handlers
from melder_common.request_guard import RequestGuard
from melder_common.settings import ServiceSettings
from melder_common.telemetry import continue_trace, trace_id

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_QUIET_ROUTES = frozenset({"/healthz/live", "/healthz/ready", "/metrics"})

_ROUTING_FACTS = ("route", "fastapi", "root_path")

_log = structlog.get_logger("melder.access")


class EdgeParts(Protocol):
    """What the edges need of a service's runtime."""

    @property
    def name(self) -> str:
        """The service's name, e.g. ``intake``."""

    @property
    def settings(self) -> ServiceSettings:
        """Whose proxies to trust."""

    @property
    def engine(self) -> AsyncEngine:
        """The database that readiness asks."""


def install_edges(
    app: FastAPI,
    service: EdgeParts,
    *,
    render_page: Render | None = None,
    problems_by_path: Mapping[str, Render] | None = None,
    body_limits: Mapping[str, int] | None = None,
) -> Health:
    """Put health, metrics, problems, request id, access log and body limits around ``app``.

    ``body_limits``: bytes by path prefix (default 1 MiB). The health and metrics objects are also
    found as ``app.state.health`` and ``app.state.metrics``.
    """
    health, metrics = Health(service.engine), Metrics()
    app.state.health, app.state.metrics = health, metrics
    install_problem_handlers(app, render_page, by_path=problems_by_path)
    app.include_router(health_router(health))
    app.add_api_route("/metrics", metrics.answer, include_in_schema=False)
    app.add_middleware(HeadAsGet)
    app.add_middleware(RequestGuard, body_limits=body_limits)
    app.add_middleware(AnswerErrors, app_with_answers=app)
    app.add_middleware(ObserveRequests, metrics=metrics)
    app.add_middleware(ForwardedHeaders, trusted=TrustedProxies(service.settings.trusted_proxies))
    return health


class ObserveRequests:
    """Gives each request an id and a trace, counts it, and writes one log line at its end."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Observe one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        request_id = _request_id(headers.get(b"x-request-id", b""))
        traceparent = headers.get(b"traceparent", b"").decode("latin-1") or None
        began = time.perf_counter()
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", [])
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        with (
            continue_trace(traceparent, scope["method"], SpanKind.SERVER) as span,
            structlog.contextvars.bound_contextvars(**_log_context(request_id)),
        ):
            scope.setdefault("state", {})["request_id"] = request_id
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                route = route_template(scope)
                span.update_name(f"{scope['method']} {route}")
                self._note(scope["method"], route, status, time.perf_counter() - began)

    def _note(self, method: str, route: str, status: int, seconds: float) -> None:
        self._metrics.observe(method, route, status, seconds)
        if route in _QUIET_ROUTES and status < 500:
            return
        _log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


def _log_context(request_id: str) -> dict[str, str]:
    trace = trace_id()
    return {"request_id": request_id} | ({"trace_id": trace} if trace else {})


def _request_id(given: bytes) -> str:
    text = given.decode("latin-1")
    return text if _REQUEST_ID.fullmatch(text) else str(new_id())


def route_template(scope: Scope) -> str:
    """The route's pattern, never the path: paths hold numbers and tokens.

    FastAPI keeps the pattern with the prefixes of included routers beside the route itself.
    """
    included = scope.get("fastapi", {}).get("effective_route_context")
    path = getattr(included or scope.get("route"), "path", None)
    if path is not None:
        return str(path)
    return f"{scope['root_path']}/*" if scope.get("root_path") else "unmatched"


class AnswerErrors:
    """Turns what nothing else caught into an answer; a started answer can only be broken off."""

    def __init__(self, app: ASGIApp, app_with_answers: FastAPI) -> None:
        self._app = app
        self._answers = app_with_answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer when the app behind raises."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_noting(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except Exception as error:
            if started:
                raise
            request = Request(scope, receive)
            response: Response = await self._answers.state.answer_problem(request, error)
            await response(scope, receive, send)


class HeadAsGet:
    """Answers HEAD as GET without the body, for every route (RFC 9110 §9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass GET for HEAD, and drop the body of its answer."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        as_get = {**scope, "method": "GET"}
        try:
            await self._app(as_get, receive, send_head)
        finally:
            scope.update({key: as_get[key] for key in _ROUTING_FACTS if key in as_get})
