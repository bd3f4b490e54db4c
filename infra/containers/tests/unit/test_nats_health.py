"""NATS's health check in docker-compose.yml, run as it stands there: it ends a server that takes nothing.

What a full disk makes of `/healthz` is told in docs/operations/full-disks.md; here a program named
wget answers as the server would.
"""

import subprocess
from pathlib import Path

import yaml

from melder_local.place import CHECKOUT

WELL, STUCK, STARTING = "exit 0", 'case "$*" in *js-server-only*) exit 0;; esac; exit 1', "exit 1"
PATIENCE = 30


class Container:
    """A directory in which the command finds its wget and its /tmp, and says what it would end."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        file = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
        kind, command = file["services"]["nats"]["healthcheck"]["test"]
        assert kind == "CMD-SHELL"
        ended = f"echo ended >>{directory}/ended"
        own = f"{directory}/"
        self.command = command.replace("$$", "$").replace("/tmp/", own)  # noqa: S108 (the container's)
        assert "kill 1" in self.command
        self.command = self.command.replace("kill 1", ended)

    def is_healthy(self, server: str) -> bool:
        """One check of a server that answers like that."""
        wget = self.directory / "wget"
        wget.write_text(f"#!/bin/sh\n{server}\n")
        wget.chmod(0o755)
        environment = {"PATH": f"{self.directory}:/usr/bin:/bin"}
        done = subprocess.run(["/bin/sh", "-c", self.command], env=environment, check=False)
        return done.returncode == 0

    @property
    def times_ended(self) -> int:
        """How often PID 1 was told to end."""
        file = self.directory / "ended"
        return len(file.read_text().split()) if file.exists() else 0


def test_a_server_that_takes_nothing_is_ended_once_after_a_minute(tmp_path: Path) -> None:
    container = Container(tmp_path)
    for _ in range(PATIENCE - 1):
        assert not container.is_healthy(STUCK)
    assert container.times_ended == 0
    for _ in range(3):
        assert not container.is_healthy(STUCK)
    assert container.times_ended == 1


def test_one_that_recovers_by_itself_is_left_alone(tmp_path: Path) -> None:
    container = Container(tmp_path)
    for _ in range(3):
        for _ in range(PATIENCE - 1):
            container.is_healthy(STUCK)
        assert container.is_healthy(WELL)
    assert container.times_ended == 0


def test_one_that_still_starts_may_take_as_long_as_it_needs(tmp_path: Path) -> None:
    container = Container(tmp_path)
    for _ in range(2 * PATIENCE):
        assert not container.is_healthy(STARTING)
    assert container.times_ended == 0
