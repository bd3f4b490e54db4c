"""The tables in the code are those the migrations make."""

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_routing.store import case_tables, region_tables, register_tables
from melder_routing.store.metadata import METADATA

pytestmark = pytest.mark.integration

COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
    FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = 'routing' AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
      AND c.relname <> 'alembic_version'
"""
SPELLINGS = {
    "bigint": "bigint",
    "timestamp with time zone": "timestamp with time zone",
    "float": "double precision",
    "varchar": "character varying",
}


def declared() -> set[tuple[str, str, str, bool]]:
    assert {case_tables.case.name, region_tables.body.name, register_tables.asset.name} <= {
        t.name for t in METADATA.sorted_tables
    }
    found = set()
    for table in METADATA.tables.values():
        if table.info.get("is_view"):
            continue
        for column in table.columns:
            kind = column.type.compile(postgresql.dialect()).lower()  # type: ignore[no-untyped-call]  # SQLAlchemy's dialect is untyped
            name, paren, rest = kind.partition("(")
            spelled = SPELLINGS.get(name, name) + paren + rest
            found.add((table.name, column.name, spelled, not column.nullable))
    return found


async def test_tables_and_migrations_agree(demo: AsyncConnection) -> None:
    rows = await demo.execute(text(COLUMNS))
    made = {
        (t, c, str(kind).lower().removeprefix("public."), needed) for t, c, kind, needed in rows
    }
    assert made ^ declared() == set()
