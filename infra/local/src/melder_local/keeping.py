"""``melder doctor``, ``backup`` and ``restore`` with the settings of an installation here."""

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


def examine(place: Place) -> int:
    """Run ``melder doctor``; its exit status: 1 when something is wrong."""
    ports = place.ports()
    argv = [program("melder"), "doctor", f"--database-url={_database_url(place)}"]
    argv += [f"--password-file={_password_file(place)}"]
    argv += [f"--service={name}=http://127.0.0.1:{ports[name]}" for name in SERVICES]
    return subprocess.run(argv, check=False).returncode


def _access(place: Place) -> list[str]:
    return [
        f"--admin-url={_database_url(place)}",
        f"--admin-password-file={_password_file(place)}",
    ]


def _database_url(place: Place) -> str:
    return f"postgresql://melder_admin@127.0.0.1:{place.ports()['postgres']}/{DATABASE}"


def _password_file(place: Place) -> Path:
    return place.secrets / "database" / "melder_admin"
