"""``melder roads import`` and ``melder assets import``: the registers that steps 1 and 3 ask."""

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from melder_common.settings import SettingsError
from melder_routing.domain.registers import RegisterRefused
from melder_routing.operator_units import operator_units
from melder_routing.region_commands import operator
from melder_routing.use_cases.decide_places import LOCAL_TIME
from melder_routing.use_cases.import_register import Imported, RegisterImport, import_register

roads = typer.Typer(no_args_is_help=True, help="Roads with class and authority.")
assets = typer.Typer(no_args_is_help=True, help="Lamps, benches and other assets.")
operator.add_typer(roads, name="roads")
operator.add_typer(assets, name="assets")

FileArgument = Annotated[Path, typer.Argument(help="GeoJSON, or CSV with wkt or lat and long")]
Source = Annotated[str, typer.Option(help="where it comes from; what it held before ends")]
Version = Annotated[str, typer.Option(help="the state of the data, e.g. 2026-11")]
Crs = Annotated[str | None, typer.Option(help="overrides what the file says, e.g. EPSG:25832")]
ValidFrom = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="first day (default: today; since ever if new)"),
]
Attribution = Annotated[str, typer.Option(help="whom the data's licence wants named")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="read and check only")]


@roads.command("import")
def import_roads(
    file: FileArgument,
    *,
    version: Version,
    source: Source = "roads",
    crs: Crs = None,
    attribution: Attribution = "",
    valid_from: ValidFrom = None,
    dry_run: DryRun = False,
) -> None:
    """Import lines with road_class (A, B, L, K, G), in_town, and where known name and authority."""
    wanted = RegisterImport("road", file, source, version, crs, attribution, _day(valid_from))
    _import(wanted, dry_run=dry_run)


@assets.command("import")
def import_assets(
    file: FileArgument,
    *,
    version: Version,
    source: Source = "assets",
    crs: Crs = None,
    attribution: Attribution = "",
    valid_from: ValidFrom = None,
    dry_run: DryRun = False,
) -> None:
    """Import assets with id (the number on them), type (lamp, bench …) and operator (a slug)."""
    wanted = RegisterImport("asset", file, source, version, crs, attribution, _day(valid_from))
    _import(wanted, dry_run=dry_run)


def _import(wanted: RegisterImport, *, dry_run: bool) -> None:
    try:
        imported = asyncio.run(_run(wanted, dry_run=dry_run))
    except (RegisterRefused, SettingsError) as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(1) from None
    typer.echo(f"{wanted.path.name}: {imported.entries} entries")
    if imported.changes is None:
        typer.echo("Imported already; nothing changes.")
        return
    typer.echo(f"They count {_since(imported.valid_from)}. Compared with what counted before:")
    for line in imported.changes.lines:
        typer.echo(f"  {line}")
    typer.echo("Dry run: nothing was written." if dry_run else "Imported.")


def _since(day: date | None) -> str:
    return f"from {day} on" if day else "for every day"


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


async def _run(wanted: RegisterImport, *, dry_run: bool) -> Imported:
    today = datetime.now(UTC).astimezone(LOCAL_TIME).date()
    async with operator_units() as units, units.begin() as unit:
        return await import_register(unit, wanted, today=today, dry_run=dry_run)
