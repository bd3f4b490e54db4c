"""Running one service: one uvicorn worker that says "not ready" before it stops."""

import gc
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

import structlog
import uvicorn
from fastapi import FastAPI

from melder_common.logging import configure_logging
from melder_common.settings import ServiceSettings, SettingsError, exit_for_settings
from melder_common.telemetry import set_up_telemetry

GRACE_S = 25
"""How long running requests may take to end; below Kubernetes' 30 s until SIGKILL."""
KEEP_ALIVE_S = 150
"""Longer than the gateway keeps idle connections, so that the gateway closes them, never we."""

S = TypeVar("S", bound=ServiceSettings)

_log = structlog.get_logger("melder.serving")


def serve(build_app: Callable[[S], FastAPI], settings: S) -> None:
    """Build the app and serve it until SIGTERM or SIGINT; returns after a graceful stop.

    A wrong setting or a missing secret ends it with a message and status 78, anything else that
    keeps it from starting with status 1 or 3 and a log line.
    """
    service = build_app.__module__.split(".")[0].removeprefix("melder_")
    configure_logging(service, settings.log_level)
    stop_telemetry = set_up_telemetry(service, settings.otlp_endpoint)
    try:
        app = build_app(settings)
    except SettingsError as error:
        exit_for_settings(error)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = _DrainingServer(config, app, settings.drain_seconds)
    # What was imported and built stays until the end: no collection need look at it again.
    gc.collect()
    gc.freeze()
    try:
        server.run()
    finally:
        stop_telemetry()
    if not server.started:
        raise SystemExit(1)


class _DrainingServer(uvicorn.Server):
    """At the first signal unready at once, then serving for ``drain_s``, then stopping."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, drain_s: float) -> None:
        super().__init__(config)
        self._app = app
        self._drain_s = drain_s
        self._asked = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 (uvicorn's signature)
        """Called by the signal; a second SIGINT ends the patience."""
        if self._asked and sig == signal.SIGINT:
            self.force_exit = True
        if self._asked:
            self.should_exit = True
            return
        self._asked = True
        health = getattr(self._app.state, "health", None)
        if health is not None:
            health.draining = True
        _log.info("asked_to_stop", signal=signal.Signals(sig).name, drain_s=self._drain_s)
        self._stop_later()

    def _stop_later(self) -> None:
        if self._drain_s <= 0:
            self.should_exit = True
            return
        timer = threading.Timer(self._drain_s, self._stop)
        timer.daemon = True
        timer.start()

    def _stop(self) -> None:
        self.should_exit = True
