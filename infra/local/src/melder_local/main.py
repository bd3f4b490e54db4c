"""melder-local: start, stop and look at an installation on this machine."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from melder_common.testing.ports import is_open
from melder_local import keeping, running
from melder_local.place import Place
from melder_local.stack import Stack

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)


@app.command()
def up() -> None:
    """Start everything in the background and wait until it is healthy."""
    place = Place.from_environment()
    if running.supervisor_pid(place) is not None:
        typer.echo(f"melder is running already: {place.url}")
        return
    running.stop(place)
    if is_open(place.port):
        typer.echo(
            f"Port {place.port} is in use by another program. "
            "Choose another one: make demo MELDER_PORT=8001 MELDER_RUN_DIR=.run-8001",
            err=True,
        )
        raise typer.Exit(1)
    place.logs.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-m", "melder_local.main", "serve"]
    with (place.logs / "supervisor.log").open("ab") as log:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    running.wait_until_healthy(place, process)
    typer.echo(f"melder runs: {place.url}")


@app.command()
def serve() -> None:
    """Run the supervisor in the foreground; Ctrl-C stops everything."""
    place = Place.from_environment()
    place.run.mkdir(parents=True, exist_ok=True)
    place.logs.mkdir(parents=True, exist_ok=True)
    with running.claimed(place):
        Stack(place).supervisor().run()


@app.command()
def down() -> None:
    """Stop everything that ``up`` started; data stays."""
    place = Place.from_environment()
    if running.stop(place):
        typer.echo("melder has stopped. Its data stays in " + str(place.run))
    else:
        typer.echo("melder is not running.")


@app.command()
def status() -> None:
    """What runs, where, and how often it had to be restarted."""
    place = Place.from_environment()
    _require_running(place)
    state = json.loads(place.status_file.read_text())
    typer.echo(f"{place.url}   data and logs: {place.run}")
    ports = place.ports() | {"gateway": place.port}
    for name, part in state["parts"].items():
        typer.echo(
            f"  {name:<9} {part['state']:<8} pid {part['pid'] or '-'!s:<8} "
            f"port {ports.get(name, '-')!s:<6} restarts {part['restarts']}"
        )


@app.command()
def doctor() -> None:
    """Look at services, logs, cursors, dead letters and timers; exit 1 when something is wrong."""
    place = Place.from_environment()
    _require_running(place)
    raise typer.Exit(keeping.examine(place))


@app.command()
def backup(directory: Annotated[Path | None, typer.Argument()] = None) -> None:
    """Back the running installation up (default: below its run directory); prints the path."""
    place = Place.from_environment()
    raise typer.Exit(keeping.back_up(place, directory or place.run / "backups"))


@app.command()
def restore(backup_directory: Path) -> None:
    """Stop everything, bring a backup back, erase again whom the ledger names; then: make up."""
    place = Place.from_environment()
    running.stop(place)
    raise typer.Exit(keeping.restore(place, backup_directory))


@app.command("demo-info")
def demo_info() -> None:
    """Print NAME=value lines: address, demo logins, API key."""
    file = Place.from_environment().run / "demo-info"
    if not file.exists():
        typer.echo("There is no demo yet. Make one with: make demo", err=True)
        raise typer.Exit(1)
    typer.echo(file.read_text().rstrip())


@app.command("psql")
def psql() -> None:
    """Open a superuser's psql on the melder database."""
    place = Place.from_environment()
    dsn = Stack(place).postgres.dsn("melder")
    os.execvp("psql", ["psql", dsn])


@app.command("environment")
def environment(service: str) -> None:
    """Print a service's settings as shell exports, to run its commands by hand."""
    from melder_local.services import service_environment  # noqa: PLC0415 (rarely used)

    for name, value in service_environment(service, Place.from_environment()).items():
        typer.echo(f"export {name}={json.dumps(value)}")


def _require_running(place: Place) -> None:
    if running.supervisor_pid(place) is None:
        typer.echo("melder is not running. Start it with: make up")
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
