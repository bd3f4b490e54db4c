"""Server processes: how to launch one, wait until it is ready, stop it, kill it."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


class ServerFailed(RuntimeError):
    """A server ended or never became ready; the message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Launch:
    """What a supervisor needs to know of a server; ``user``: its account when we are root.

    ``well``: whether a server that lives also works, where it may live on without working.
    """

    name: str
    argv: tuple[str, ...]
    ready: Callable[[], bool]
    env: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_grace_s: float = 10.0
    well: Callable[[], bool] | None = None


class Process:
    """One running server."""

    def __init__(self, launch: Launch, log: Path) -> None:
        self.launch = launch
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id; raises ServerFailed when it was never started."""
        if self._process is None:
            raise ServerFailed(f"{self.launch.name} is not running")
        return self._process.pid

    def start(self, extra_env: Mapping[str, str] | None = None) -> None:
        """Start it in a session of its own, so that a Ctrl-C at the terminal reaches only us."""
        account = self.launch.user if os.geteuid() == 0 else None
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                self.launch.argv,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.launch.env, **(extra_env or {})},
                user=account,
                group=account,
                extra_groups=[] if account else None,
                cwd="/" if account else None,
                start_new_session=True,
            )

    def ended(self) -> int | None:
        """The exit status, or None while it runs."""
        return None if self._process is None else self._process.poll()

    def wait_ready(self, seconds: float = 60) -> None:
        """Return once it answers. Raises ServerFailed when it ends or the time is over."""
        deadline = time.monotonic() + seconds
        while not self.launch.ready():
            if self.ended() is not None:
                raise ServerFailed(f"{self.launch.name} ended ({self.ended()}):\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise ServerFailed(f"{self.launch.name} is not ready:\n{self.log_tail()}")
            time.sleep(0.05)

    def log_tail(self, lines: int = 25) -> str:
        """The last lines it wrote."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def ask_to_stop(self) -> None:
        """Send the signal that this server understands as a request to end."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(self.launch.stop_signal)

    def stop(self) -> int:
        """Ask it to stop, kill it when it does not listen; returns its exit status."""
        if self._process is None:
            return 0
        self.ask_to_stop()
        try:
            return self._process.wait(self.launch.stop_grace_s)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """SIGKILL to it and all its children."""
        if self._process is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        return self._process.wait()
