"""What the services hold of the machine: open descriptors, counted from outside."""

from pathlib import Path

from melder_local.services import SERVICES
from melder_local.system import System


def descriptors(system: System) -> dict[str, int]:
    """How many files and sockets each service has open."""
    parts = system.parts()
    return {
        service: sum(1 for _ in Path(f"/proc/{parts[service]['pid']}/fd").iterdir())
        for service in SERVICES
    }
