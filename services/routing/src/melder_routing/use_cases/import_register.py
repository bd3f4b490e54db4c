"""Import roads or assets from a file: all of it or nothing, dated, beside what counted before."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.register_changes import (
    RegisterChanges,
    RegisterOutOfOrder,
    RegisterState,
    first_day,
)
from melder_routing.domain.registers import (
    Kind,
    RegisterRefused,
    read_assets,
    read_roads,
    require_plain,
)
from melder_routing.store.regions import lock_region
from melder_routing.store.register_files import RegisterFile, read_register_file
from melder_routing.store.register_states import compare_draft, put_state, reopen_day
from melder_routing.store.registers import (
    check_geometry,
    list_body_slugs,
    list_states,
    put_draft,
    refuse_taken,
)


@dataclass(frozen=True, slots=True)
class RegisterImport:
    """What to import: ``source`` names where it comes from, ``version`` its state.

    ``valid_from``: its first day; empty means today, or since ever where the source is new.
    """

    kind: Kind
    path: Path
    source: str
    version: str
    crs: str | None = None
    attribution: str = ""
    valid_from: date | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """How many entries the file holds, what they change and from which day on.

    ``changes`` is empty where the very same state was imported already.
    """

    entries: int
    changes: RegisterChanges | None
    valid_from: date | None = None


async def import_register(
    unit: UnitOfWork, wanted: RegisterImport, *, today: date, dry_run: bool = False
) -> Imported:
    """Read, check, compare and write; with ``dry_run`` nothing stays. Raises RegisterRefused."""
    require_plain("source", wanted.source)
    require_plain("version", wanted.version)
    await lock_region(unit.connection)
    file = read_register_file(wanted.path, crs=wanted.crs)
    entries = await _put_draft(unit, wanted, file)
    states = await list_states(unit.connection, wanted.kind, wanted.source)
    if _known(wanted, file, states):
        return Imported(entries, None)
    try:
        day = first_day(wanted.valid_from, states, today)
    except RegisterOutOfOrder as error:
        raise RegisterRefused(str(error)) from None
    async with unit.connection.begin_nested() as trial:
        await reopen_day(unit.connection, wanted.kind, wanted.source, day)
        changes = await compare_draft(unit.connection, wanted.kind, wanted.source)
        noted = {
            "version": wanted.version,
            "digest": file.digest,
            "attribution": wanted.attribution,
            "entries": entries,
        }
        await put_state(unit.connection, wanted.kind, wanted.source, day, noted)
        if dry_run:
            await trial.rollback()
    return Imported(entries, changes, day)


async def _put_draft(unit: UnitOfWork, wanted: RegisterImport, file: RegisterFile) -> int:
    connection, kind = unit.connection, wanted.kind
    bodies = await list_body_slugs(connection)
    rows = (read_roads if kind == "road" else read_assets)(file.records, bodies)
    await check_geometry(connection, kind, rows, file.srid)
    if kind == "asset":
        await refuse_taken(connection, [row["id"] for row in rows], wanted.source)
    await put_draft(connection, kind, rows, source=wanted.source, srid=file.srid)
    return len(rows)


def _known(wanted: RegisterImport, file: RegisterFile, states: tuple[RegisterState, ...]) -> bool:
    """Whether this very state is there. Raises RegisterRefused when another has its name."""
    same = next((state for state in states if state.version == wanted.version), None)
    if same is None:
        return False
    if same.digest != file.digest:
        raise RegisterRefused(
            f"{wanted.path.name} differs from what was imported as {wanted.version}: cases "
            "remember the state they were routed by, so give the changed file another --version"
        )
    if wanted.valid_from not in (None, same.valid_from):
        raise RegisterRefused(
            f"{wanted.version} counts from {same.valid_from or 'ever'} on; to let the same file "
            "count from another day too, give it another --version"
        )
    return True
