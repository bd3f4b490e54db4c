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
    """A register's table and what makes two of its entries the same."""

    table: str
    key: str
    columns: str
    sums_up: str
    measure: str

    @property
    def digest(self) -> str:
        """SQL of a text that tells entries apart."""
        return f"md5(ROW({self.columns}, encode(ST_AsBinary(geom), 'hex'))::text)"

    @property
    def counted(self) -> str:
        """SQL of a number, so that two entries that are alike stay two."""
        return f"row_number() OVER (PARTITION BY {self.digest})"


_LENGTH = "sum(ST_Length(ST_Transform(geom, 25832)))"
_SHAPES: dict[Kind, _Shape] = {
    "road": _Shape(
        "routing.road_segment",
        "id",
        "layer, name, road_class, in_town, authority_id",
        "road_class",
        _LENGTH,
    ),
    "asset": _Shape("routing.asset", "entry", "id, type, operator_id", "id", "NULL::float8"),
}


def _comparison(shape: _Shape) -> str:
    """SQL of ``draft`` beside ``current``, the entries that count for the day before."""
    return f"""
        WITH current AS (
            SELECT *, {shape.digest} AS digest, {shape.counted} AS twin
            FROM {shape.table} WHERE source = :source AND valid_to IS NULL
        ),
        draft AS (
            SELECT *, {shape.digest} AS digest, {shape.counted} AS twin FROM draft_entry
        )
    """


async def reopen_day(
    connection: AsyncConnection, kind: Kind, source: str, day: date | None
) -> None:
    """Take back the state of ``source`` that begins on ``day``, if there is one."""
    table, given = _SHAPES[kind].table, {"source": source, "day": day}
    await connection.execute(
        text(
            f"DELETE FROM {table} WHERE source = :source "
            "AND valid_from IS NOT DISTINCT FROM CAST(:day AS date)"
        ),
        given,
    )
    same = (register.c.kind == kind, register.c.source == source)
    await connection.execute(
        delete(register).where(*same, register.c.valid_from.is_not_distinct_from(day))
    )
    ended = "source = :source AND valid_to = CAST(:day AS date) - 1"
    await connection.execute(text(f"UPDATE {table} SET valid_to = NULL WHERE {ended}"), given)
    await connection.execute(
        text(f"UPDATE routing.register SET valid_to = NULL WHERE kind = :kind AND {ended}"),
        {**given, "kind": kind},
    )


async def compare_draft(connection: AsyncConnection, kind: Kind, source: str) -> RegisterChanges:
    """What the draft would change."""
    shape = _SHAPES[kind]
    found = await connection.execute(
        text(
            f"""
            {_comparison(shape)},
            told AS (
                SELECT 'kept' AS how, draft.{shape.sums_up} AS what, draft.geom
                FROM draft JOIN current USING (digest, twin)
                UNION ALL
                SELECT 'added', draft.{shape.sums_up}, draft.geom
                FROM draft LEFT JOIN current USING (digest, twin) WHERE current.source IS NULL
                UNION ALL
                SELECT 'gone', current.{shape.sums_up}, current.geom
                FROM current LEFT JOIN draft USING (digest, twin) WHERE draft.source IS NULL
            )
            SELECT how, what, count(*) AS entries, {shape.measure} AS metres
            FROM told GROUP BY how, what ORDER BY how, what
            """
        ),
        {"source": source},
    )
    rows: dict[str, dict[str, Change]] = {"kept": {}, "added": {}, "gone": {}}
    for how, what, entries, metres in found:
        rows[how][what] = Change(what, entries, metres)
    added, gone = rows["added"], rows["gone"]
    same = [] if kind == "road" else [what for what in added if what in gone]
    return RegisterChanges(
        kept=sum(one.entries for one in rows["kept"].values()),
        added=[one for what, one in added.items() if what not in same],
        changed=[added[what] for what in same],
        gone=[one for what, one in gone.items() if what not in same],
    )


async def put_state(
    connection: AsyncConnection, kind: Kind, source: str, day: date | None, noted: dict[str, Any]
) -> None:
    """Let the draft count from ``day`` on; running processes notice with the next question.

    ``noted``: version, digest, attribution and entries of its row in ``register``.
    """
    shape, given = _SHAPES[kind], {"source": source, "day": day}
    fields = f"source, {shape.columns}, geom".split(", ")
    await connection.execute(
        text(
            f"""
            {_comparison(shape)},
            gone AS (
                UPDATE {shape.table} AS entry SET valid_to = CAST(:day AS date) - 1
                FROM current LEFT JOIN draft USING (digest, twin)
                WHERE draft.source IS NULL AND entry.{shape.key} = current.{shape.key}
            )
            INSERT INTO {shape.table} ({", ".join(fields)}, valid_from)
            SELECT {", ".join(f"draft.{name}" for name in fields)}, CAST(:day AS date)
            FROM draft LEFT JOIN current USING (digest, twin) WHERE current.source IS NULL
            """
        ),
        given,
    )
    same = (register.c.kind == kind, register.c.source == source)
    before = (*same, register.c.valid_to.is_(None))
    if day is not None:
        await connection.execute(
            update(register).where(*before).values(valid_to=last_day_before(day))
        )
    await connection.execute(
        insert(register).values(
            kind=kind, source=source, valid_from=day, imported_at=func.now(), **noted
        )
    )
    await connection.execute(update(region).values(rules_version=region.c.rules_version + 1))
