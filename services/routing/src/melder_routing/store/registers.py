"""Writing the registers of roads and assets: one source is replaced as a whole."""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.geo import WGS84
from melder_routing.domain.registers import Kind, RegisterRefused, Row
from melder_routing.store.region_tables import body, region
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
_ADD: dict[Kind, Any] = {
    "road": text(
        f"""
        WITH given AS ({_GIVEN})
        INSERT INTO routing.road_segment
            (source, layer, name, road_class, in_town, authority_id, geom)
        SELECT :source, row->>'layer', row->>'name', row->>'road_class',
            (row->>'in_town')::boolean, body.id, part.geom
        FROM given
        LEFT JOIN routing.body ON body.slug = row->>'body'
        CROSS JOIN LATERAL ST_Dump(ST_CollectionExtract(ST_Force2D(given.geom), 2)) AS part
        """
    ),
    "asset": text(
        f"""
        WITH given AS ({_GIVEN})
        INSERT INTO routing.asset (id, type, geom, operator_id, source)
        SELECT row->>'id', row->>'type', ST_Force2D(given.geom), body.id, :source
        FROM given JOIN routing.body ON body.slug = row->>'body'
        """
    ),
}
_REMOVE: dict[Kind, Any] = {
    "road": text("DELETE FROM routing.road_segment WHERE source = :source"),
    "asset": text("DELETE FROM routing.asset WHERE source = :source"),
}
_TAKEN = text(
    "SELECT id, source FROM routing.asset WHERE id = ANY (CAST(:ids AS text[])) "
    "AND source <> :source ORDER BY id LIMIT 5"
)


async def list_body_slugs(connection: AsyncConnection) -> frozenset[str]:
    """The slugs of all bodies."""
    return frozenset((await connection.scalars(select(body.c.slug))).all())


async def find_register(
    connection: AsyncConnection, kind: Kind, source: str
) -> tuple[str, str] | None:
    """Version and digest of what was imported last from ``source``."""
    chosen = select(register.c.version, register.c.digest).where(
        register.c.kind == kind, register.c.source == source
    )
    row = (await connection.execute(chosen)).first()
    return (row.version, row.digest) if row else None


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


async def put_register(
    connection: AsyncConnection,
    kind: Kind,
    rows: Sequence[Row],
    *,
    source: str,
    srid: int,
    values: Row,
) -> None:
    """Let ``source`` hold exactly ``rows``; running processes notice with the next question.

    ``values`` are those of its row in ``register``.
    """
    await connection.execute(_REMOVE[kind], {"source": source})
    for some in _chunks(rows):
        given = {"rows": orjson.dumps(some).decode(), "srid": srid, "source": source}
        await connection.execute(_ADD[kind], given)
    noted = {**values, "entries": len(rows), "imported_at": func.now()}
    await connection.execute(
        upsert(register)
        .values(kind=kind, source=source, **noted)
        .on_conflict_do_update(index_elements=["kind", "source"], set_=noted)
    )
    await connection.execute(update(region).values(rules_version=region.c.rules_version + 1))


def _chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]
