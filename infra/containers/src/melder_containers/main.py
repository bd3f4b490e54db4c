"""melder-compose-check: build the images, start docker-compose.yml, prove it, print the table."""

import os
from pathlib import Path
from typing import Annotated

import typer

from melder_common.testing.ports import free_ports
from melder_containers.check import Outcome, check
from melder_containers.engine import NoEngine, forget, running_engine
from melder_containers.project import NotHealthy
from melder_containers.running import ProgramFailed
from melder_local.people import DoorClosed

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

CANNOT_BE_DONE = (NoEngine, ProgramFailed, NotHealthy, DoorClosed, TimeoutError, LookupError)


@app.command()
def main(
    directory: Annotated[
        Path,
        typer.Option(
            envvar="MELDER_CONTAINERS_DIR", help="data of an own engine; kept for the next time"
        ),
    ] = Path("/var/tmp/melder-containers"),  # noqa: S108 (root's, and made with mode 0700)
    mirror: Annotated[
        str | None, typer.Option(envvar="MELDER_DEBIAN_MIRROR", help="for the stand-ins")
    ] = None,
    *,
    afresh: Annotated[
        bool, typer.Option("--afresh", help="forget images and caches of an earlier run first")
    ] = False,
) -> None:
    """Everything is removed afterwards but images and caches; logs stay in .run/compose-check."""
    if afresh and directory.exists():
        forget(directory)
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    (port,) = free_ports(1)
    try:
        with running_engine(directory) as engine:
            outcome = check(engine, directory, port=port, mirror=mirror)
    except CANNOT_BE_DONE as problem:
        typer.echo(f"{type(problem).__name__}: {problem}", err=True)
        raise typer.Exit(1) from None
    print(table(outcome))
    if outcome.findings:
        typer.echo(f"{len(outcome.findings)} findings", err=True)
        raise typer.Exit(1)
    print(f"compose-check passed on {os.cpu_count()} cores.")


def table(outcome: Outcome) -> str:
    """What was measured, as docs/measurements.md takes it."""
    rows = [
        ("figure", "value"),
        ("---", "---"),
        ("engine", outcome.engine),
        *((f"image {one.name}", f"{one.bytes / 1e6:.0f} MB") for one in outcome.images),
        ("containers", str(outcome.containers)),
        ("all healthy, empty volumes", f"{outcome.healthy_s:.0f} s"),
        ("all healthy, containers made anew over the volumes", f"{outcome.healthy_again_s:.0f} s"),
        *((f"image {name}", source) for name, source in outcome.sources.items()),
    ]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


if __name__ == "__main__":
    app()
