"""``melder boundaries import``: new boundaries for a source, checked and dated, all or nothing."""

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from melder_common.settings import SettingsError
from melder_routing.domain.boundary_words import Language, report_lines
from melder_routing.operator_units import operator_units, require_geometry_tools
from melder_routing.store.boundary_files import BoundaryFileRefused
from melder_routing.store.boundary_imports import BoundariesOutOfOrder
from melder_routing.store.region_geometry import BoundaryVersionChanged
from melder_routing.use_cases.decide_places import LOCAL_TIME

if TYPE_CHECKING:
    from melder_routing.domain.boundary_report import BoundaryReport
    from melder_routing.use_cases.import_boundaries import Wishes

boundaries = typer.Typer(no_args_is_help=True, help="Boundary files.")

REFUSALS = (BoundaryFileRefused, BoundaryVersionChanged, BoundariesOutOfOrder, SettingsError)


@boundaries.callback()
def about() -> None:
    """Boundary files."""


@boundaries.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="GeoJSON, GeoPackage or zipped Shapefile, any CRS")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what it would do")] = False,
    source: Annotated[
        str | None, typer.Option(help="the source it continues (boundaries: id of the region file)")
    ] = None,
    layer: Annotated[str | None, typer.Option(help="kind of area, e.g. gemeinde")] = None,
    version: Annotated[str | None, typer.Option(help="name of this state, e.g. vg250-2027")] = None,
    valid_from: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="first day (default: today)"),
    ] = None,
    attribution: Annotated[str | None, typer.Option(help="whose data it is")] = None,
    key: Annotated[str | None, typer.Option(help="property with the regional key")] = None,
    name: Annotated[str, typer.Option(help="property with the name")] = "GEN",
    crs: Annotated[str | None, typer.Option(help="overrides what the file says")] = None,
    table: Annotated[str | None, typer.Option(help="layer within a GeoPackage or archive")] = None,
    language: Annotated[str, typer.Option(help="of the report: de or en")] = "de",
    as_json: Annotated[bool, typer.Option("--json", help="the whole report as JSON")] = False,
) -> None:
    """Bring new boundaries in; the report says what was repaired and what changes."""
    require_geometry_tools()
    # GDAL, Shapely and NumPy cost 60 MB that serving does not need.
    from melder_routing.use_cases.import_boundaries import Wishes  # noqa: PLC0415 (see above)

    wishes = Wishes(
        key=key,
        name=name,
        crs=crs,
        table=table,
        source=source,
        layer=layer,
        version=version,
        attribution=attribution,
        valid_from=valid_from.date() if valid_from else None,
    )
    try:
        report = asyncio.run(_check(file, wishes) if dry_run else _import(file, wishes))
    except REFUSALS as error:
        typer.secho(str(error), err=True, fg="red")
        raise typer.Exit(1) from None
    _tell(report, "en" if language == "en" else "de", as_json=as_json)


def _tell(report: "BoundaryReport", language: Language, *, as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(report.as_json(), option=orjson.OPT_INDENT_2).decode())
        return
    for line in report_lines(report, language):
        typer.echo(line)


async def _check(file: Path, wishes: "Wishes") -> "BoundaryReport":
    from melder_routing.use_cases.import_boundaries import check_boundaries  # noqa: PLC0415 (GDAL)

    async with operator_units() as units, units.engine.connect() as connection:
        return await check_boundaries(connection, file, wishes, today=_today())


async def _import(file: Path, wishes: "Wishes") -> "BoundaryReport":
    from melder_routing.use_cases.import_boundaries import import_boundaries  # noqa: PLC0415 (GDAL)

    async with operator_units() as units, units.begin() as unit:
        return await import_boundaries(unit, file, wishes, today=_today())


def _today() -> date:
    return datetime.now(UTC).astimezone(LOCAL_TIME).date()
