"""Many rows by one statement: they travel as one JSON text.

SQLAlchemy sends a list of rows as a statement for each, and a trigger "for each statement" then
runs for each row. Columns of bytes have no place in JSON.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Table, TextClause, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

_PREPARER = postgresql.dialect().identifier_preparer  # type: ignore[no-untyped-call]  # it has no types


async def insert_rows(
    connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert ``rows``, which have the same columns, in their order."""
    if rows:
        statement = _insert_rows(table, tuple(rows[0]))
        await connection.execute(statement, {"rows": rows_as_json(rows)})


def insert_rows_sql(table: Table, columns: Sequence[str], rows: str = "rows") -> str:
    """The statement that inserts ``columns`` of all rows in the parameter named ``rows``.

    The rows are called ``said`` in it; a condition or ON CONFLICT may follow.
    """
    name = _PREPARER.format_table(table)
    listed = ", ".join(map(_PREPARER.quote, columns))
    return (
        f"INSERT INTO {name} ({listed}) SELECT {listed} "
        f"FROM json_populate_recordset(NULL::{name}, CAST(:{rows} AS json)) AS said"
    )


def rows_as_json(rows: Sequence[Mapping[str, Any]]) -> str:
    """The parameter for ``insert_rows_sql``; a missing column is NULL, not its default."""
    return orjson.dumps(rows, default=str).decode()  # asyncpg has a UUID of its own


@cache
def _insert_rows(table: Table, columns: tuple[str, ...]) -> TextClause:
    return text(insert_rows_sql(table, columns))
