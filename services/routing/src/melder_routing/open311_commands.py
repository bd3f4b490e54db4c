"""``melder open311 check``: whether an endpoint offers what the region file maps to it."""

import asyncio
from pathlib import Path
from typing import Annotated

import httpx
import typer

from melder_common.clock import utc_now
from melder_routing.domain.open311_entry import Open311Entry
from melder_routing.region_commands import REFUSALS, operator
from melder_routing.store.open311_addresses import Open311Addresses
from melder_routing.store.open311_client import Open311Client
from melder_routing.store.region_file import read_region_file
from melder_routing.use_cases.check_endpoint import check_endpoint
from melder_routing.use_cases.read_region import OPEN311_KEYS

open311 = typer.Typer(no_args_is_help=True, help="Bodies reached by Open311.")
operator.add_typer(open311, name="open311")


@open311.callback()
def _group() -> None:
    """Bodies reached by Open311."""


@open311.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="the region file")],
    body: Annotated[list[str] | None, typer.Argument(help="slugs; without any: all")] = None,
    *,
    secrets: Annotated[
        Path | None, typer.Option(help="the secrets directory (default: beside the file)")
    ] = None,
) -> None:
    """Ask discovery, services and definitions; say what the mapping lacks. Nothing is sent."""
    try:
        region = read_region_file(file).region
    except REFUSALS as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(1) from None
    entries = {one.slug: one.open311 for one in region.bodies if one.open311 is not None}
    unknown = sorted(set(body or ()) - entries.keys())
    if unknown:
        typer.secho(f"not reached by Open311: {', '.join(unknown)}", err=True, fg="red")
        raise typer.Exit(1)
    keys = (secrets or file.parent) / OPEN311_KEYS
    chosen = {slug: entry for slug, entry in entries.items() if not body or slug in body}
    if not asyncio.run(_check(chosen, keys)):
        raise typer.Exit(1)


async def _check(entries: dict[str, Open311Entry], keys: Path) -> bool:
    """Show every finding; whether all are well."""
    well = True
    async with httpx.AsyncClient(trust_env=False) as http:
        client = Open311Client(http)
        addresses = Open311Addresses(client, keys)
        for slug, entry in entries.items():
            typer.echo(slug)
            async for line in check_endpoint(client, addresses, entry, utc_now()):
                typer.echo(f"  {'ok  ' if line.well else 'BAD '} {line.text}")
                well = well and line.well
    return well
