"""docker-compose.yml as a running project: start, look, ask, stop."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from melder_containers.engine import Engine
from melder_containers.running import ProgramFailed, run
from melder_local.place import CHECKOUT

PATIENCE_S = 300.0
_HEALTHY_ENOUGH = {"healthy", "none"}


class NotHealthy(RuntimeError):
    """A container did not get healthy; the message names it and the end of its log."""


@dataclass(frozen=True, slots=True)
class Container:
    """A container of the project with all that ``docker inspect`` says."""

    service: str
    id: str
    inspected: Mapping[str, Any]

    @property
    def state(self) -> str:
        """``running``, ``exited`` and the like."""
        return str(self.inspected["State"]["Status"])

    @property
    def exit_code(self) -> int:
        """Of one that has ended."""
        return int(self.inspected["State"]["ExitCode"])

    @property
    def health(self) -> str:
        """``healthy``, ``starting``, ``unhealthy``; ``none`` without a health check."""
        return str(self.inspected["State"].get("Health", {}).get("Status", "none"))

    @property
    def is_job(self) -> bool:
        """Whether it runs once and ends."""
        return bool(self.inspected["HostConfig"]["RestartPolicy"]["Name"] in {"no", ""})


class Project:
    """The project ``name`` whose gateway listens on ``port`` of this machine."""

    def __init__(self, engine: Engine, name: str, port: int) -> None:
        self._engine = engine
        self.name = name
        self.url = f"http://127.0.0.1:{port}"
        self._environment = {
            **engine.environment,
            "COMPOSE_PROJECT_NAME": name,
            "MELDER_PORT": str(port),
            "MELDER_PUBLIC_URL": self.url,
        }

    def compose(self, *arguments: str) -> str:
        """The output of a compose command. Raises ProgramFailed."""
        return run([*self._engine.compose, *arguments], environment=self._environment, cwd=CHECKOUT)

    def up(self) -> float:
        """Start everything and wait until it is healthy; seconds from nothing to there."""
        started = time.monotonic()
        self.compose("up", "--detach", "--no-build")
        self.wait_until_healthy()
        return time.monotonic() - started

    def down(self, *, with_data: bool) -> None:
        """Remove the containers; with their data nothing is left."""
        self.compose("down", "--timeout", "60", *(["--volumes"] if with_data else []))

    def wait_until_healthy(self) -> None:
        """Raises NotHealthy."""
        deadline = time.monotonic() + PATIENCE_S
        while waiting := self.find_waiting():
            if time.monotonic() > deadline:
                names = ", ".join(one.service for one in waiting)
                raise NotHealthy(f"{names} not healthy:\n{self.log(waiting[0])[-3000:]}")
            time.sleep(0.5)

    def find_waiting(self) -> list[Container]:
        """Jobs that have not ended well and servers that are not healthy. Raises NotHealthy."""
        containers = self.containers()
        for one in containers:
            if one.is_job and one.state == "exited" and one.exit_code:
                raise NotHealthy(f"{one.service} ended with {one.exit_code}:\n{self.log(one)}")
        return [one for one in containers if not is_well(one)]

    def containers(self) -> list[Container]:
        """Every container of the project, ended ones too."""
        label = f"label=com.docker.compose.project={self.name}"
        ids = self._engine.docker("ps", "--all", "--quiet", "--no-trunc", "--filter", label).split()
        if not ids:
            return []
        inspected = json.loads(self._engine.docker("inspect", *ids))
        found = [
            Container(one["Config"]["Labels"]["com.docker.compose.service"], one["Id"], one)
            for one in inspected
        ]
        return sorted(found, key=lambda one: one.service)

    def log(self, container: Container) -> str:
        """Everything it has printed, both streams."""
        argv = [self._engine.client, "logs", container.id]
        return run(["sh", "-c", '"$@" 2>&1', "sh", *argv], environment=self._engine.environment)

    def changes(self, container: Container) -> list[str]:
        """Paths of its root file system that are not as in its image."""
        lines = self._engine.docker("diff", container.id).splitlines()
        return [line.partition(" ")[2] for line in lines]

    def python(self, service: str, code: str) -> str:
        """Run Python within a running service's container."""
        return self.compose("exec", "-T", service, "python", "-c", code)

    def run_once(self, service: str, *command: str, entrypoint: str | None = None) -> str:
        """Run a job of its own."""
        entry = ["--entrypoint", entrypoint] if entrypoint else []
        return self.compose("run", "--rm", "-T", *entry, service, *command)

    def open_networks(self) -> set[str]:
        """The project's networks from which there is a way out of this machine."""
        label = f"label=com.docker.compose.project={self.name}"
        ids = self._engine.docker("network", "ls", "--quiet", "--filter", label).split()
        found = json.loads(self._engine.docker("network", "inspect", *ids))
        return {str(one["Name"]) for one in found if not one["Internal"]}

    def psql(self, query: str) -> list[str]:
        """Rows as PostgreSQL's superuser sees them, columns with ``|`` between."""
        argv = ["psql", "-U", "melder_admin", "-d", "melder", "-At", "-c", query]
        return self.compose("exec", "-T", "postgres", *argv).splitlines()

    def save_logs(self, names: Sequence[Container]) -> None:
        """Write every log below ``.run/compose-check`` for whoever wants to look afterwards."""
        folder = CHECKOUT / os.environ.get("MELDER_RUN_DIR", ".run") / "compose-check"
        folder.mkdir(parents=True, exist_ok=True)
        for one in names:
            (folder / f"{one.service}.log").write_text(self.log(one), encoding="utf-8")

    def try_down(self) -> None:
        """As ``down`` with data, when something went wrong already."""
        try:
            self.down(with_data=True)
        except ProgramFailed as failed:
            print(f"could not remove the project: {failed}")


def is_well(container: Container) -> bool:
    """A job that has ended well, or a server that runs and is not unhealthy."""
    if container.is_job:
        return container.state == "exited" and container.exit_code == 0
    return container.state == "running" and container.health in _HEALTHY_ENOUGH
