"""What an import of roads or assets is checked against, and its draft beside the register."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import TextClause, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.geo import WGS84
from melder_routing.domain.register_changes import RegisterState
from melder_routing.domain.registers import Kind, RegisterRefused, Row
from melder_routing.store.region_tables import body
from melder_routing.store.register_tables import register

CHUNK = 5_000
_GIVEN = f"""
    SELECT row, (row->>'number')::int AS number, ST_Transform(ST_SetSRID(CASE
        WHEN left(row->>'geometry', 1) = '{{' THEN ST_GeomFromGeoJSON(row->>'geometry')
        ELSE ST_GeomFromText(row->>'geometry') END, CAST(:srid AS integer)), {WGS84}) AS geom
    FROM jsonb_array_elements(CAST(:rows AS jsonb)) AS row
"""
_WRONG = text(
    f"""
    WITH given AS ({_GIVEN})
    SELECT number, CASE
        WHEN ST_IsEmpty(geom) THEN 'is empty'
        WHEN NOT ST_IsValid(geom) THEN ST_IsValidReason(geom)
        WHEN ST_Dimension(geom) <> 1 AND :lines THEN 'is no line'
        WHEN NOT ST_Within(geom, ST_MakeEnvelope(-180, -90, 180, 90, {WGS84})) THEN 'is nowhere'
        WHEN ST_Within(geom, ST_MakeEnvelope(47, 5, 56, 16, {WGS84}))
            THEN 'has latitude and longitude swapped' END AS problem
    FROM given ORDER BY number
    """
)
_TAKEN = text(
    "SELECT DISTINCT id, source FROM routing.asset WHERE id = ANY (CAST(:ids AS text[])) "
    "AND source <> :source ORDER BY id LIMIT 5"
)


async def list_body_slugs(connection: AsyncConnection) -> frozenset[str]:
    """The slugs of all bodies."""
    return frozenset((await connection.scalars(select(body.c.slug))).all())


async def list_states(
    connection: AsyncConnection, kind: Kind, source: str
) -> tuple[RegisterState, ...]:
    """Every state of ``source``, in the order of their first days."""
    chosen = (
        select(register.c.version, register.c.digest, register.c.valid_from)
        .where(register.c.kind == kind, register.c.source == source)
        .order_by(register.c.valid_from.nulls_first())
    )
    return tuple(RegisterState(*row) for row in await connection.execute(chosen))


async def check_geometry(
    connection: AsyncConnection, kind: Kind, rows: Sequence[Row], srid: int
) -> None:
    """Raises RegisterRefused naming every row whose geometry cannot be used."""
    wrong = []
    for some in _chunks(rows):
        values = {"rows": orjson.dumps(some).decode(), "srid": srid, "lines": kind == "road"}
        found = await connection.execute(_WRONG, values)
        wrong += [f"{row.number}: {row.problem}; correct it" for row in found if row.problem]
    if wrong:
        raise RegisterRefused("\n".join(wrong[:20]))


async def refuse_taken(connection: AsyncConnection, ids: Sequence[str], source: str) -> None:
    """Raises RegisterRefused when another source has assets with these numbers."""
    taken = (await connection.execute(_TAKEN, {"ids": list(ids), "source": source})).all()
    if taken:
        named = ", ".join(f"{row.id} ({row.source})" for row in taken)
        raise RegisterRefused(f"other sources have these numbers: {named}; put a prefix before id")


async def put_draft(
    connection: AsyncConnection, kind: Kind, rows: Sequence[Row], *, source: str, srid: int
) -> None:
    """Let a temporary table of this transaction hold ``rows`` as the register would."""
    await connection.execute(_FORGET_DRAFT)
    await connection.execute(DRAFTS[kind].make)
    for some in _chunks(rows):
        given = {"rows": orjson.dumps(some).decode(), "srid": srid, "source": source}
        await connection.execute(DRAFTS[kind].fill, given)


def _chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


_FORGET_DRAFT = text("DROP TABLE IF EXISTS pg_temp.draft_entry")


@dataclass(frozen=True, slots=True)
class _Draft:
    make: TextClause
    fill: TextClause


DRAFTS: dict[Kind, _Draft] = {
    "road": _Draft(
        text(
            """
            CREATE TEMPORARY TABLE draft_entry ON COMMIT DROP AS
            SELECT source, layer, name, road_class, in_town, authority_id, geom
            FROM routing.road_segment WITH NO DATA
            """
        ),
        text(
            f"""
            WITH given AS ({_GIVEN})
            INSERT INTO draft_entry
            SELECT :source, row->>'layer', row->>'name', row->>'road_class',
                (row->>'in_town')::boolean, body.id, part.geom
            FROM given
            LEFT JOIN routing.body ON body.slug = row->>'body'
            CROSS JOIN LATERAL ST_Dump(ST_CollectionExtract(ST_Force2D(given.geom), 2)) AS part
            """
        ),
    ),
    "asset": _Draft(
        text(
            """
            CREATE TEMPORARY TABLE draft_entry ON COMMIT DROP AS
            SELECT source, id, type, operator_id, geom FROM routing.asset WITH NO DATA
            """
        ),
        text(
            f"""
            WITH given AS ({_GIVEN})
            INSERT INTO draft_entry
            SELECT :source, row->>'id', row->>'type', body.id, ST_Force2D(given.geom)
            FROM given JOIN routing.body ON body.slug = row->>'body'
            """
        ),
    ),
}
