"""``melder body`` and ``melder reroute``: bodies that join or end, and cases to ask again for."""

import asyncio
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from melder_common.settings import SettingsError
from melder_routing.domain.joining import JoiningRefused
from melder_routing.operator_units import operator_units
from melder_routing.region_commands import REFUSALS, bring_in, operator
from melder_routing.store.rulebooks import RegionMissing, Rulebooks
from melder_routing.use_cases.add_body import add_body, take_back
from melder_routing.use_cases.reroute_cases import Rerouting, find_reroutings, reroute_cases
from melder_routing.use_cases.succeed_body import SuccessionRefused, succeed_body

body = typer.Typer(no_args_is_help=True, help="Bodies that join, or go over into others.")
operator.add_typer(body, name="body")

SHOWN = 10


@body.command("add")
def add(
    file: Annotated[Path, typer.Argument(help="the region file")],
    key: Annotated[str, typer.Argument(help="regional key (ARS): 5, 9 or 12 digits")],
    *,
    clerk: Annotated[str | None, typer.Option(help="login of a first clerk, an address")] = None,
    mailbox: Annotated[
        str | None, typer.Option(help="it gets its cases by links in e-mails to this address")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="apply without asking")] = False,
    secrets: Annotated[
        Path | None, typer.Option(help="where password files lie (default: beside the file)")
    ] = None,
) -> None:
    """Let a body join from its Land pack: with its Gemeinden, a queue and a clerk, and apply it."""
    try:
        added = add_body(file, key, clerk=clerk, mailbox=mailbox)
    except (JoiningRefused, *REFUSALS) as error:
        raise _refused(error) from None
    try:
        bring_in(file, yes=yes, secrets=secrets, generate_passwords=True)
    except (*REFUSALS, typer.Abort) as error:
        take_back(file, added)
        raise _refused(error) from None
    typer.echo(f"{added.joining.slug} has joined, with {len(added.joining.bodies)} bodies.")
    if clerk:
        directory = secrets or file.parent
        typer.echo(f"{clerk} signs in with the password in {directory / 'clerks'}.")


@body.command("succeed")
def succeed(
    old: Annotated[str, typer.Argument(help="slug of the body that ends")],
    new: Annotated[str, typer.Argument(help="slug of its legal successor")],
    *,
    on: Annotated[
        datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="the day it takes effect")
    ],
) -> None:
    """Pass all cases, queues and rights to the legal successor; numbers and links stay."""
    try:
        passed = asyncio.run(_succeed(old, new, on.date()))
    except (SuccessionRefused, SettingsError) as error:
        raise _refused(error) from None
    if passed is None:
        typer.echo(f"Planned: on {on.date()} everything of {old} passes to {new}.")
        return
    typer.echo(f"Cases of {old} that have passed to {new}: {passed}.")
    typer.echo(f"Now replace {old} in the region file, with the new boundaries, and apply it.")


@operator.command("reroute")
def reroute(
    *,
    plan: Annotated[bool, typer.Option("--plan", help="only show what would move")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="move without asking")] = False,
) -> None:
    """Ask again for open cases nobody has accepted or claimed, after rules or areas changed."""
    try:
        found = asyncio.run(_find())
        for line in tell_reroutings(found):
            typer.echo(line)
        if not found or plan:
            return
        if not yes:
            typer.confirm("Move these cases?", abort=True)
        typer.echo(f"{asyncio.run(_reroute())} cases moved.")
    except (RegionMissing, SettingsError) as error:
        raise _refused(error) from None


def tell_reroutings(found: list[Rerouting]) -> list[str]:
    """How many cases would move between which bodies, with a few numbers."""
    if not found:
        return ["No open, unaccepted case would go elsewhere."]
    counted = Counter((one.before, one.after) for one in found)
    numbers = ", ".join(one.number for one in found[:SHOWN])
    more = f" … and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return [
        *(f"{before} → {after}: {count}" for (before, after), count in sorted(counted.items())),
        f"cases: {numbers}{more}",
    ]


def _refused(error: Exception) -> typer.Exit:
    typer.secho(str(error) or "Nothing was changed.", err=True, fg="red")
    return typer.Exit(1)


async def _find() -> list[Rerouting]:
    async with operator_units() as units, units.engine.connect() as connection:
        return await find_reroutings(connection, Rulebooks())


async def _reroute() -> int:
    async with operator_units() as units:
        return await reroute_cases(units, Rulebooks())


async def _succeed(old: str, new: str, on: date) -> int | None:
    async with operator_units() as units:
        return await succeed_body(units, old, new, on)
