"""Where an installation on this machine keeps its files, and which ports it uses."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from melder_common.testing.ports import free_ports

CHECKOUT = Path(__file__).resolve().parents[4]
"""The root of the source tree this package was installed from."""

PORT_NAMES = (
    "postgres", "nats", "s3", "smtp", "mail",
    "intake", "routing", "media", "notify",
    "s3_1", "s3_2", "s3_3", "s3_4", "s3_5", "s3_6", "s3_7",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """One installation: ``run`` holds all its data, ``port`` is its gateway."""

    run: Path
    port: int

    @classmethod
    def from_environment(cls) -> "Place":
        """``MELDER_RUN_DIR`` (default ``.run`` in the checkout) and ``MELDER_PORT`` (8000)."""
        run = Path(os.environ.get("MELDER_RUN_DIR") or CHECKOUT / ".run").resolve()
        return cls(run, int(os.environ.get("MELDER_PORT") or 8000))

    @property
    def url(self) -> str:
        """What people open in their browser."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def secrets(self) -> Path:
        """Directory of generated secrets, readable by us only."""
        return self.run / "secrets"

    @property
    def logs(self) -> Path:
        """One log per part."""
        return self.run / "logs"

    @property
    def status_file(self) -> Path:
        """What the supervisor last wrote about its parts."""
        return self.run / "status.json"

    @property
    def crash_requests(self) -> Path:
        """Where tests ask for a crash of the next launch of a part."""
        return self.run / "crash-requests.json"

    @property
    def pid_file(self) -> Path:
        """The supervisor's process id."""
        return self.run / "supervisor.pid"

    def ports(self) -> dict[str, int]:
        """The inner ports, chosen once and then kept, so that a restart finds its peers."""
        file = self.run / "ports.json"
        if file.exists():
            known: dict[str, int] = json.loads(file.read_text())
            if set(known) == set(PORT_NAMES):
                return known
        chosen = dict(zip(PORT_NAMES, free_ports(len(PORT_NAMES)), strict=True))
        self.run.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(chosen, indent=1))
        return chosen
