"""The one place that knows which cases a clerk may see; every query of the desk begins here.

Row-level security (migration 0002) says the same once more: should a query here lose its filter,
foreign cases stay invisible.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, Table, or_, select

from melder_routing.domain.clerk import Scope
from melder_routing.store.case_tables import border_case, case


def in_scope(scope: Scope) -> ColumnElement[bool]:
    """Cases in the clerk's queues, and those his bodies are responsible for or work on."""
    return or_(
        case.c.queue.in_(sorted(scope.queues)),
        case.c.responsible.in_(sorted(scope.bodies)),
        case.c.working.in_(sorted(scope.bodies)),
    )


def visible_cases(scope: Scope, *columns: Any) -> Select[Any]:
    """A selection from ``case`` that the clerk may see; all columns unless some are named."""
    return select(*(columns or (case,))).select_from(case).where(in_scope(scope))


def visible_contents(scope: Scope, table: Table, *columns: Any) -> Select[Any]:
    """A selection from a table beside the case (texts, photos, messages, history)."""
    chosen = select(*(columns or (table,)))
    return chosen.join_from(table, case, case.c.id == table.c.case_id).where(in_scope(scope))


def visible_border_cases(scope: Scope) -> Select[Any]:
    """What the clerk's bodies may see of their neighbours' border cases, and no column more."""
    return select(border_case).where(
        border_case.c.candidates.overlap(sorted(scope.border_bodies)),
        border_case.c.working.not_in(sorted(scope.border_bodies)),
    )
