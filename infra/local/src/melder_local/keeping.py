"""``melder backup`` and ``melder restore`` with the settings of an installation on this machine."""

import os
import subprocess
from contextlib import ExitStack
from pathlib import Path

from melder_common.testing.nats import program
from melder_common.testing.processes import Process
from melder_local.place import Place
from melder_local.services import DATABASE, SERVICES, owner_environment
from melder_local.stack import Stack


def back_up(place: Place, directory: Path) -> int:
    """Run ``melder backup``; returns its exit status."""
    argv = [program("melder"), "backup", str(directory.resolve()), *_access(place)]
    return subprocess.run(argv, check=False).returncode


def restore(place: Place, backup: Path) -> int:
    """Run ``melder restore`` with PostgreSQL and NATS up and no service; its exit status."""
    environment = dict(os.environ)
    for service in SERVICES:
        environment |= owner_environment(service, place)
    argv = [program("melder"), "restore", str(backup.resolve()), *_access(place)]
    argv += [f"--secrets={place.secrets}", f"--nats-url={place.nats_url}"]
    with ExitStack() as running:
        for launch in Stack(place).parts_to_restore():
            process = Process(launch, place.logs / f"{launch.name}.log")
            process.start()
            running.callback(process.stop)
            process.wait_ready()
        return subprocess.run(argv, env=environment, check=False).returncode


def _access(place: Place) -> list[str]:
    url = f"postgresql://melder_admin@127.0.0.1:{place.ports()['postgres']}/{DATABASE}"
    password_file = place.secrets / "database" / "melder_admin"
    return [f"--admin-url={url}", f"--admin-password-file={password_file}"]
