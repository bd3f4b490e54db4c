"""The command line of the IT team."""

from importlib.metadata import entry_points

import typer

from melder_operator import (
    backup,
    database,
    doctor,
    installation_secrets,
    kubernetes_secrets,
    restore,
    streams,
)


def build_app() -> typer.Typer:
    """Our own commands and those of every installed service."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
    app.add_typer(database.app, name="database")
    app.command("secrets")(installation_secrets.generate)
    app.command("kubernetes-secrets")(kubernetes_secrets.kubernetes_secrets)
    app.command("streams")(streams.streams)
    app.command("doctor")(doctor.doctor)
    app.command("backup")(backup.backup)
    app.command("restore")(restore.restore)
    for entry in sorted(entry_points(group="melder.commands"), key=lambda one: one.name):
        app.add_typer(entry.load(), name=None)
    return app


app = build_app()

if __name__ == "__main__":
    app()
