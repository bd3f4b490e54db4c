"""Writing a state of a register: what it does not change stays as it is, the rest is dated."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import delete, func, insert, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_routing.domain.register_changes import Change, RegisterChanges, last_day_before
from melder_routing.domain.registers import Kind
from melder_routing.store.region_tables import region
from melder_routing.store.register_tables import register


@dataclass(frozen=True, slots=True)
class _Shape:
    """A register's table and its key, what makes two entries the same, and how they are told."""

    table: str
    key: str
    columns: tuple[str, ...]
    told_by: str
    metres: str


_SHAPES: dict[Kind, _Shape] = {
    "road": _Shape(
        "routing.road_segment",
        "id",
        ("source", "layer", "name", "road_class", "in_town", "authority_id", "geom"),
        "road_class",
        "sum(ST_Length(ST_Transform(geom, 25832)))",
    ),
    "asset": _Shape(
        "routing.asset",
        "entry",
        ("source", "id", "type", "operator_id", "geom"),
        "id",
        "NULL::float8",
    ),
}


async def reopen_day(
    connection: AsyncConnection, kind: Kind, source: str, day: date | None
) -> None:
    """Take back the state of ``source`` that begins on ``day``, if there is one."""
    given = {"source": source, "day": day}
    for statement in _reopen_sql(_SHAPES[kind]):
        await connection.execute(text(statement), given)
    same = (register.c.kind == kind, register.c.source == source)
    begun = register.c.valid_from.is_not_distinct_from(day)
    await connection.execute(delete(register).where(*same, begun))
    if day is not None:
        ended = register.c.valid_to == last_day_before(day)
        await connection.execute(update(register).where(*same, ended).values(valid_to=None))


async def compare_draft(connection: AsyncConnection, kind: Kind, source: str) -> RegisterChanges:
    """What the draft would change."""
    found = await connection.execute(text(_compare_sql(_SHAPES[kind])), {"source": source})
    told: dict[str, dict[str, Change]] = {"kept": {}, "added": {}, "gone": {}}
    for how, what, entries, metres in found:
        told[how][what] = Change(what, entries, metres)
    added, gone = told["added"], told["gone"]
    same = set() if kind == "road" else added.keys() & gone.keys()
    return RegisterChanges(
        kept=sum(one.entries for one in told["kept"].values()),
        added=[one for what, one in added.items() if what not in same],
        changed=[one for what, one in added.items() if what in same],
        gone=[one for what, one in gone.items() if what not in same],
    )


async def put_state(
    connection: AsyncConnection, kind: Kind, source: str, day: date | None, noted: dict[str, Any]
) -> None:
    """Let the draft count from ``day`` on; running processes notice with the next question.

    ``noted``: version, digest, attribution and entries of its row in ``register``.
    """
    given = {"source": source, "day": day}
    await connection.execute(text(_put_sql(_SHAPES[kind])), given)
    counting = (
        register.c.kind == kind,
        register.c.source == source,
        register.c.valid_to.is_(None),
    )
    if day is not None:
        ended = update(register).where(*counting).values(valid_to=last_day_before(day))
        await connection.execute(ended)
    row = {"kind": kind, "source": source, "valid_from": day, "imported_at": func.now(), **noted}
    await connection.execute(insert(register).values(row))
    await connection.execute(update(region).values(rules_version=region.c.rules_version + 1))


def _reopen_sql(shape: _Shape) -> tuple[str, str]:
    begun = "valid_from IS NOT DISTINCT FROM CAST(:day AS date)"
    ended = "valid_to = CAST(:day AS date) - 1"
    return (
        f"DELETE FROM {shape.table} WHERE source = :source AND {begun}",
        f"UPDATE {shape.table} SET valid_to = NULL WHERE source = :source AND {ended}",
    )


def _sides_sql(shape: _Shape) -> str:
    """``draft`` beside ``current``; ``twin`` tells entries apart that are alike."""
    plain = [name for name in shape.columns if name not in ("source", "geom")]
    digest = f"md5(ROW({', '.join(plain)}, encode(ST_AsBinary(geom), 'hex'))::text)"
    told_apart = f"{digest} AS digest, row_number() OVER (PARTITION BY {digest}) AS twin"
    return f"""
        WITH current AS (
            SELECT *, {told_apart} FROM {shape.table}
            WHERE source = :source AND valid_to IS NULL
        ),
        draft AS (SELECT *, {told_apart} FROM draft_entry)
    """


def _compare_sql(shape: _Shape) -> str:
    return f"""
        {_sides_sql(shape)},
        told AS (
            SELECT 'kept' AS how, draft.{shape.told_by} AS what, draft.geom
            FROM draft JOIN current USING (digest, twin)
            UNION ALL
            SELECT 'added', draft.{shape.told_by}, draft.geom
            FROM draft LEFT JOIN current USING (digest, twin) WHERE current.source IS NULL
            UNION ALL
            SELECT 'gone', current.{shape.told_by}, current.geom
            FROM current LEFT JOIN draft USING (digest, twin) WHERE draft.source IS NULL
        )
        SELECT how, what, count(*) AS entries, {shape.metres} AS metres
        FROM told GROUP BY how, what ORDER BY how, what
    """


def _put_sql(shape: _Shape) -> str:
    return f"""
        {_sides_sql(shape)},
        gone AS (
            UPDATE {shape.table} AS entry SET valid_to = CAST(:day AS date) - 1
            FROM current LEFT JOIN draft USING (digest, twin)
            WHERE draft.source IS NULL AND entry.{shape.key} = current.{shape.key}
        )
        INSERT INTO {shape.table} ({", ".join(shape.columns)}, valid_from)
        SELECT {", ".join(f"draft.{name}" for name in shape.columns)}, CAST(:day AS date)
        FROM draft LEFT JOIN current USING (digest, twin) WHERE current.source IS NULL
    """
