"""``melder-notify serve`` and ``migrate``; ``melder sealing-keys`` for operators."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from melder_common.dead_letter_commands import dead_letter_commands
from melder_common.erasures import add_erase_again
from melder_common.sealing import generate_period_key
from melder_common.service import Service
from melder_common.serving import serve as serve_app
from melder_common.settings import load_settings
from melder_notify.domain.key_periods import next_period
from melder_notify.main import build_app, build_office, build_service, retire_key
from melder_notify.settings import NotifySettings
from melder_notify.use_cases.erase_again import erase_again
from melder_notify.use_cases.office import Office
from melder_web.site import Site

app = typer.Typer(help="The notify service of melder.", no_args_is_help=True)
operator = typer.Typer()
sealing_keys = typer.Typer(
    help="The keys that contacts are sealed with, one pair per month.", no_args_is_help=True
)
operator.add_typer(sealing_keys, name="sealing-keys")

PublicDir = Annotated[Path, typer.Option(help="where intake reads <period>.pub")]
PrivateDir = Annotated[Path, typer.Option(help="where notify alone reads <period>.key")]


def _offline() -> tuple[Service[Office], Office]:
    settings = load_settings(NotifySettings)
    return build_service(settings), build_office(settings, region=Site().name)


app.add_typer(dead_letter_commands(_offline), name="dead-letters")
add_erase_again(app, _offline, erase_again)


@app.command()
def serve() -> None:
    """Serve pages, hear events and send mails until SIGTERM."""
    serve_app(build_app, load_settings(NotifySettings))


@app.command()
def migrate() -> None:
    """Bring the schema to its newest revision."""
    from melder_common.migrations import (  # noqa: PLC0415 (Alembic takes 7 MB that serving does not need)
        run_migrations,
    )

    run_migrations(load_settings(NotifySettings), "melder_notify")


@sealing_keys.command()
def rotate(public_dir: PublicDir, private_dir: PrivateDir) -> None:
    """Create the next period's pair; services find it without a restart when its month begins."""
    known = [path.stem for path in public_dir.glob("*.pub")]
    key_id = next_period(known, datetime.now(UTC))
    try:
        generate_period_key(key_id, public_dir=public_dir, private_dir=private_dir)
    except FileExistsError as error:
        raise typer.BadParameter(f"{error.filename} exists already; nothing was changed") from error
    typer.echo(f"Created {key_id}: contacts are sealed with it from {key_id}-01 (UTC) on.")


@sealing_keys.command()
def destroy(
    key_id: Annotated[str, typer.Argument(help="the period, e.g. 2026-11")],
    public_dir: PublicDir,
    private_dir: PrivateDir,
) -> None:
    """Destroy a past period's private key, once nothing needs it any more.

    Contacts still sealed with it are sealed again first, under their own keys. Refuses while the
    period runs, while logs may still hold its envelopes, or while a dead letter needs it.
    """
    private = private_dir / f"{key_id}.key"
    if not private.is_file():
        raise typer.BadParameter(f"there is no {private}")
    refusal = retire_key(load_settings(NotifySettings), key_id, public_dir=public_dir)
    if refusal:
        typer.echo(f"Kept {key_id}: {refusal}", err=True)
        raise typer.Exit(1)
    private.unlink()
    typer.echo(f"Destroyed {key_id}. Copies in backups of the secrets are yours to destroy.")
