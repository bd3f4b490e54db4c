"""A running installation as tests and the demo see it: its address, people, mails, parts."""

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from melder_local.place import Place

T = TypeVar("T")


def eventually(look: Callable[[], T | None], *, seconds: float = 60, what: str = "it") -> T:
    """Look again and again until there is an answer. Raises TimeoutError naming ``what``."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(0.1)


@dataclass(frozen=True, slots=True)
class System:
    """One place that runs."""

    place: Place

    @property
    def url(self) -> str:
        """The gateway."""
        return self.place.url

    def info(self) -> dict[str, str]:
        """What ``make demo-info`` prints."""
        lines = (self.place.run / "demo-info").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def clerk(self, body: str) -> tuple[str, str]:
        """User and password of a demo clerk of ``body`` (slug)."""
        user, _, password = self.info()["CLERK_" + body.upper().replace("-", "_")].partition(":")
        return user, password

    def mails(self, to: str) -> list[dict[str, Any]]:
        """Mails to an address, oldest first."""
        answer = httpx.get(f"{self.url}/mail/messages.json", params={"to": to}, timeout=30)
        answer.raise_for_status()
        return list(reversed(answer.json()))

    def parts(self) -> dict[str, dict[str, Any]]:
        """Pid, state and number of restarts of every part."""
        state: dict[str, dict[str, Any]] = json.loads(self.place.status_file.read_text())["parts"]
        return state

    def kill(self, part: str) -> None:
        """SIGKILL, and wait until the supervisor has started it anew."""
        self.end(part, signal.SIGKILL)

    def end(self, part: str, how: signal.Signals) -> None:
        """Send a signal that ends ``part``, and wait until the supervisor has started it anew."""

        def running() -> dict[str, Any] | None:
            now = self.parts()[part]
            return now if now["state"] == "running" else None

        before = eventually(running, what=f"{part} running")
        os.kill(before["pid"], how)
        self.wait_for_restart(part, before["restarts"])

    def arm(self, part: str, point: str) -> int:
        """Restart ``part`` so that it dies at a crash point; returns its number of restarts."""
        requests = self.place.crash_requests
        known = json.loads(requests.read_text()) if requests.exists() else {}
        requests.write_text(json.dumps(known | {part: point}))
        self.kill(part)
        return int(self.parts()[part]["restarts"])

    def wait_for_restart(self, part: str, restarts: int) -> None:
        """Until ``part`` was started more than ``restarts`` times and runs."""

        def restarted() -> bool:
            now = self.parts()[part]
            return bool(now["restarts"] > restarts and now["state"] == "running")

        eventually(restarted, what=f"the restart of {part}")
