"""Whole cases for rebuilding views, in the order of their ids."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_routing.domain.history import HistoryKind
from melder_routing.store.case_tables import case, case_history, case_message, case_text
from melder_routing.store.cases import CASE_COLUMNS, with_bodies


async def lock_next_cases(
    connection: AsyncConnection, after: str | None, limit: int
) -> Sequence[Row[Any]]:
    """The next ``limit`` cases after the id ``after``, locked, with their public text."""
    chosen = with_bodies(select(*CASE_COLUMNS, case_text.c.public_text).select_from(case))
    chosen = chosen.outerjoin(case_text, case_text.c.case_id == case.c.id)
    if after:
        chosen = chosen.where(case.c.id > UUID(after))
    ordered = chosen.order_by(case.c.id).limit(limit)
    return list(await connection.execute(ordered.with_for_update(of=case)))


async def list_moves(
    connection: AsyncConnection, case_ids: Sequence[UUID]
) -> dict[UUID, list[Row[Any]]]:
    """The changes of state of these cases with their public words, oldest first."""
    public_word = case_message.c.text.label("word")
    chosen = (
        select(case_history.c.case_id, case_history.c.at, case_history.c.codes, public_word)
        .outerjoin(
            case_message,
            (case_message.c.id == case_history.c.refers_to) & case_message.c.public,
        )
        .where(case_history.c.case_id.in_(case_ids), case_history.c.kind == HistoryKind.STATE)
        .order_by(case_history.c.id)
    )
    moves: dict[UUID, list[Row[Any]]] = {}
    rows: Sequence[Row[Any]] = list(await connection.execute(chosen))
    for row in rows:
        moves.setdefault(row.case_id, []).append(row)
    return moves
