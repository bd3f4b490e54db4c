"""Where an installation on this machine keeps its files, and which ports it uses."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from melder_common.testing.ports import free_ports

CHECKOUT = Path(__file__).resolve().parents[4]
"""The root of the source tree this package was installed from."""

PORT_NAMES = (
    "postgres", "nats", "nats_monitor", "s3", "smtp", "mail",
    "intake", "routing", "media", "notify",
    "s3_1", "s3_2", "s3_3", "s3_4", "s3_5", "s3_6", "s3_7",
)  # fmt: skip

CLUSTER_PORT_NAMES = ("nats-2", "nats-3", "peers_1", "peers_2", "peers_3")

LINKS = ("postgres", "nats", "s3", "smtp")
"""What services reach over the net, and what a proxy can stand before."""


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

    def secret(self, name: str) -> str:
        """The content of a generated secret."""
        return (self.secrets / name).read_text().strip()

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
        return _kept_ports(self.run / "ports.json", PORT_NAMES)

    def proxy_ports(self) -> dict[str, int]:
        """The ports of a proxy before ``LINKS``, and its ``control`` port; asking chooses them."""
        return _kept_ports(self.run / "proxy-ports.json", (*LINKS, "control"))

    @property
    def has_proxy(self) -> bool:
        """Whether services reach ``LINKS`` by a proxy that can fail (``MELDER_PROXY=1``, chaos)."""
        return (self.run / "proxy-ports.json").exists()

    def cluster_ports(self) -> dict[str, int]:
        """The ports of a cluster's further NATS servers, and between all three; asking chooses."""
        return _kept_ports(self.run / "cluster-ports.json", CLUSTER_PORT_NAMES)

    @property
    def has_cluster(self) -> bool:
        """Whether three NATS servers run here (``MELDER_NATS_SERVERS=3``, chaos)."""
        return (self.run / "cluster-ports.json").exists()

    @property
    def nats_url(self) -> str:
        """Where clients of ours find NATS, not by the proxy."""
        ports = [self.ports()["nats"]]
        if self.has_cluster:
            ports += [self.cluster_ports()[name] for name in ("nats-2", "nats-3")]
        return ",".join(f"nats://127.0.0.1:{port}" for port in ports)

    def ports_for_services(self) -> dict[str, int]:
        """As ``ports``, with the proxy's where one stands between."""
        if not self.has_proxy:
            return self.ports()
        links = {name: port for name, port in self.proxy_ports().items() if name in LINKS}
        return self.ports() | links


def _kept_ports(file: Path, names: Sequence[str]) -> dict[str, int]:
    known: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    missing = [name for name in names if name not in known]
    if not missing:
        return known
    chosen = known | dict(zip(missing, free_ports(len(missing)), strict=True))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(chosen, indent=1))
    return chosen
