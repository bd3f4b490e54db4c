"""The command line: ``melder-media serve`` and ``melder-media migrate``."""

import typer
from melder_common.migrations import run_migrations
from melder_common.settings import load_settings

from melder_media.settings import MediaSettings

app = typer.Typer(help="The media service of melder.", no_args_is_help=True)
operator = typer.Typer(help="Photos.")


@app.command()
def migrate() -> None:
    """Bring the schema up to date."""
    run_migrations(load_settings(MediaSettings), "melder_media")
