"""Import roads or assets from a file: all of it or nothing, replacing what the source held."""

from dataclasses import dataclass
from pathlib import Path

from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.registers import (
    Kind,
    RegisterRefused,
    read_assets,
    read_roads,
    require_plain,
)
from melder_routing.store.register_files import read_register_file
from melder_routing.store.registers import (
    check_geometry,
    find_register,
    list_body_slugs,
    put_register,
    refuse_taken,
)


@dataclass(frozen=True, slots=True)
class RegisterImport:
    """What to import: ``source`` names where it comes from, ``version`` its state."""

    kind: Kind
    path: Path
    source: str
    version: str
    crs: str | None = None
    attribution: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """How many entries the file holds; ``known``: it was imported already."""

    entries: int
    known: bool


async def import_register(
    unit: UnitOfWork, wanted: RegisterImport, *, dry_run: bool = False
) -> Imported:
    """Read, check and write; with ``dry_run`` nothing is written. Raises RegisterRefused."""
    require_plain("source", wanted.source)
    require_plain("version", wanted.version)
    connection, kind = unit.connection, wanted.kind
    file = read_register_file(wanted.path, crs=wanted.crs)
    bodies = await list_body_slugs(connection)
    rows = (read_roads if kind == "road" else read_assets)(file.records, bodies)
    await check_geometry(connection, kind, rows, file.srid)
    if kind == "asset":
        await refuse_taken(connection, [row["id"] for row in rows], wanted.source)
    before = await find_register(connection, kind, wanted.source)
    if before == (wanted.version, file.digest):
        return Imported(len(rows), known=True)
    if before is not None and before[0] == wanted.version:
        raise RegisterRefused(
            f"{wanted.path.name} differs from what was imported as {wanted.version}: cases "
            "remember the state they were routed by, so give the changed file another --version"
        )
    if not dry_run:
        values = {
            "version": wanted.version,
            "digest": file.digest,
            "attribution": wanted.attribution,
        }
        await put_register(
            connection, kind, rows, source=wanted.source, srid=file.srid, values=values
        )
    return Imported(len(rows), known=False)
