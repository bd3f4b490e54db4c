"""How the operator's commands reach the database: one connection, patient."""

from contextlib import AbstractAsyncContextManager
from importlib.util import find_spec

import typer

from melder_common.operator_units import units_for_operator
from melder_common.settings import load_settings
from melder_common.unit_of_work import UnitsOfWork
from melder_routing.settings import RoutingSettings
from melder_routing.store.metadata import EVENT_TABLES

PATIENCE_S = 900.0
"""Uniting and buffering the outline of a whole country takes minutes."""


def operator_units() -> AbstractAsyncContextManager[UnitsOfWork]:
    """Units of work by the service's own settings. Raises SettingsError."""
    settings = load_settings(RoutingSettings)
    return units_for_operator(settings, EVENT_TABLES, command_timeout_s=PATIENCE_S)


def require_geometry_tools() -> None:
    """Stop with the remedy where GDAL and Shapely are missing, as in the container images."""
    if find_spec("shapely") is None or find_spec("pyogrio") is None:
        typer.secho(
            "this needs GDAL and Shapely, which the images do without: run it where "
            "requirements/routing-gdal.txt is installed, or build the image with "
            "REQUIREMENTS=routing-gdal",
            err=True,
            fg="red",
        )
        raise typer.Exit(1)
