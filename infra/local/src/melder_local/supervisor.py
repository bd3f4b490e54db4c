"""Starts parts in order, restarts what dies or does not work, stops everything it started."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from melder_common.testing.processes import Launch, Process

LONGEST_PAUSE_S = 10.0
"""A part that keeps dying is tried again after 0.2, 0.4 … at most this many seconds."""

LOOK_EVERY_S = 5.0
SICK_AFTER_S = 20.0
"""A part that lives but has not been well for so long is ended, and so started anew."""

CALM_AFTER_S = 30.0
"""A part that ran this long has recovered: its back-off starts anew."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Parts started together; ``after`` runs once all of them answer (migrations, buckets)."""

    launches: Sequence[Launch]
    after: Callable[[], None] | None = None


@dataclass(slots=True)
class _Watched:
    process: Process
    restarts: int = 0
    pause_s: float = 0.2
    started: float = field(default_factory=time.monotonic)
    again_at: float | None = None
    looked_at: float = field(default_factory=time.monotonic)
    sick_since: float | None = None


class Supervisor:
    """Looks after the parts of ``stages``.

    ``crash_requests`` is a JSON file of part → crash point that tests write; each entry arms the
    next launch of that part once.
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        *,
        logs: Path,
        status_file: Path,
        crash_requests: Path,
        look_every_s: float = LOOK_EVERY_S,
        sick_after_s: float = SICK_AFTER_S,
    ) -> None:
        self._stages = stages
        self._logs = logs
        self._status_file = status_file
        self._crash_requests = crash_requests
        self._look_every_s = look_every_s
        self._sick_after_s = sick_after_s
        self._watched: dict[str, _Watched] = {}
        self._stopping = False
        self._written = ""

    def run(self) -> None:
        """Until SIGTERM or SIGINT."""
        signal.signal(signal.SIGTERM, self._ask_to_stop)
        signal.signal(signal.SIGINT, self._ask_to_stop)
        try:
            self._start_all()
            while not self._stopping:
                self._look_after_all()
                time.sleep(0.1)
        finally:
            self._stop_all()

    def _ask_to_stop(self, _signal: int, _frame: object) -> None:
        self._stopping = True

    def _start_all(self) -> None:
        for stage in self._stages:
            for launch in stage.launches:
                self._start(launch)
            for launch in stage.launches:
                self._wait_ready(launch)
            if self._stopping:
                return
            if stage.after is not None:
                stage.after()

    def _start(self, launch: Launch) -> None:
        watched = _Watched(Process(launch, self._logs / f"{launch.name}.log"))
        self._watched[launch.name] = watched
        self._launch(watched)

    def _wait_ready(self, launch: Launch) -> None:
        deadline = time.monotonic() + 120
        while not self._stopping and not launch.ready():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{launch.name} did not become ready; see its log")
            self._look_after_all()
            time.sleep(0.05)

    def _launch(self, watched: _Watched) -> None:
        crash_at = self._take_crash_request(watched.process.launch.name)
        watched.process.start({"CRASH_AT": crash_at} if crash_at else {})
        watched.started = time.monotonic()
        watched.again_at = None
        watched.sick_since = None
        self._write_status()

    def _take_crash_request(self, name: str) -> str | None:
        if not self._crash_requests.exists():
            return None
        requests: dict[str, str] = json.loads(self._crash_requests.read_text())
        point = requests.pop(name, None)
        if point is not None:
            self._crash_requests.write_text(json.dumps(requests))
        return point

    def _look_after_all(self) -> None:
        now = time.monotonic()
        for watched in self._watched.values():
            if watched.again_at is not None:
                if now >= watched.again_at:
                    watched.restarts += 1
                    self._launch(watched)
            elif watched.process.ended() is not None:
                self._plan_restart(watched, now)
            elif now >= watched.looked_at + self._look_every_s:
                watched.looked_at = now
                self._look_whether_well(watched, now)
        self._write_status()

    def _look_whether_well(self, watched: _Watched, now: float) -> None:
        """End what has been sick for long; the next look finds it ended and starts it anew."""
        launch = watched.process.launch
        if launch.well is None or launch.well():
            watched.sick_since = None
        elif watched.sick_since is None:
            watched.sick_since = now
        elif now >= watched.sick_since + self._sick_after_s:
            sys.stderr.write(f"{launch.name} lives and does not work: starting it anew\n")
            sys.stderr.flush()
            watched.process.stop()

    def _plan_restart(self, watched: _Watched, now: float) -> None:
        """Soon; each time later for one that keeps dying, but not for one that ended in order."""
        if now - watched.started > CALM_AFTER_S or watched.process.ended() == 0:
            watched.pause_s = 0.2
        watched.again_at = now + watched.pause_s
        watched.pause_s = min(watched.pause_s * 2, LONGEST_PAUSE_S)

    def _write_status(self) -> None:
        parts = {
            name: {
                "pid": None if watched.again_at is not None else watched.process.pid,
                "restarts": watched.restarts,
                "state": "waiting" if watched.again_at is not None else "running",
                "argv": list(watched.process.launch.argv),
            }
            for name, watched in self._watched.items()
        }
        text = json.dumps(parts, indent=1)
        if text == self._written:
            return
        self._written = text
        written = {"supervisor": os.getpid(), "at": datetime.now(UTC).isoformat(), "parts": parts}
        new = self._status_file.with_suffix(".new")
        new.write_text(json.dumps(written, indent=1))
        new.replace(self._status_file)

    def _stop_all(self) -> None:
        for stage in reversed(self._stages):
            running = [
                self._watched[one.name] for one in stage.launches if one.name in self._watched
            ]
            for watched in running:
                watched.process.ask_to_stop()
            for watched in running:
                watched.process.stop()
        self._status_file.unlink(missing_ok=True)
