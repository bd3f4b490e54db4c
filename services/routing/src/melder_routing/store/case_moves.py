"""Moving cases over the fence of row-level security (migration 0007)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_routing.domain.case import Case
from melder_routing.domain.case_changes import StaleWrite

_MOVE = text("SELECT routing.move_case(:case_id, :version, CAST(:changes AS jsonb))")
_TAKE_OVER = text(
    "SELECT * FROM routing.take_over_case(:case_id, :version, :taker, :worker, :queue, :clerk,"
    " CAST(:decided AS jsonb))"
)


async def move_case(connection: AsyncConnection, before: Case, changes: Mapping[str, Any]) -> None:
    """Write ``changes`` (columns by name) and the next version. Raises StaleWrite."""
    values = {
        "case_id": before.case_id,
        "version": before.version,
        "changes": orjson.dumps(changes, default=str).decode(),
    }
    if not await connection.scalar(_MOVE, values):
        raise StaleWrite(before.number, before.version, before.version + 1)


async def take_over_case(
    connection: AsyncConnection,
    case_id: UUID,
    version: int,
    *,
    clerk: UUID,
    decided: Mapping[str, Any],
) -> Row[Any] | None:
    """Give a border case to the neighbour that ``decided`` names, with its line of history.

    The case's row as it is now; none when its term is over, it has moved on, or the clerk may not.
    """
    values = {
        "case_id": case_id,
        "version": version,
        "taker": decided["responsible"]["slug"],
        "worker": decided["working"]["slug"],
        "queue": decided["queue"],
        "clerk": clerk,
        "decided": orjson.dumps(decided).decode(),
    }
    return (await connection.execute(_TAKE_OVER, values)).first()
