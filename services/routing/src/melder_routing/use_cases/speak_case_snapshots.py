"""Say every case anew, whole, so that others can rebuild what they show of it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Row

from melder_common.event_values import BodyRef, CaseState, CategoryRef, Place, PublicationPolicy
from melder_common.events import CaseSnapshot, CaseStatusChanged
from melder_common.snapshots import SnapshotSource
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case import Case
from melder_routing.domain.decision import Decision
from melder_routing.store.case_snapshots import list_moves, lock_next_cases
from melder_routing.store.cases import case_of
from melder_routing.store.regions import name_bodies


async def speak_case_snapshots(unit: UnitOfWork, after: str | None, limit: int) -> str | None:
    """Record a CaseSnapshot for the next ``limit`` cases; the last id, None at the end."""
    rows = await lock_next_cases(unit.connection, after, limit)
    await speak_snapshots(unit, rows)
    return str(rows[-1].id) if rows else None


async def speak_snapshots(unit: UnitOfWork, rows: Sequence[Row[Any]]) -> None:
    """Record a CaseSnapshot for each row (``CASE_COLUMNS`` and the public text)."""
    if not rows:
        return
    moves = await list_moves(unit.connection, [row.id for row in rows])
    names = await name_bodies(unit.connection, {slug for row in rows for slug in row.candidates})
    for row in rows:
        snapshot = _snapshot(row, moves.get(row.id, ()), names)
        unit.record(snapshot, aggregate_id=row.id, report_id=row.report_id)


CASE_SNAPSHOTS: Final = SnapshotSource("case", speak_case_snapshots)


def _snapshot(row: Row[Any], moves: Sequence[Row[Any]], names: Mapping[str, str]) -> CaseSnapshot:
    case, decision = case_of(row), Decision.from_json(row.decision)
    return CaseSnapshot(
        case_id=case.case_id,
        report_id=case.report_id,
        number=case.number,
        status=decision.status.value,
        responsible=case.responsible,
        working=case.working,
        candidates=tuple(BodyRef(slug=slug, name=names[slug]) for slug in row.candidates),
        municipality=row.municipality,
        border=row.border,
        snapped=decision.snapped,
        border_distance_m=decision.border_distance_m,
        reason=decision.reason,
        category=CategoryRef(slug=row.category, name=row.category_name),
        place=Place(
            lat=row.lat,
            long=row.long,
            accuracy_m=row.accuracy_m,
            address=row.address,
            asset_id=row.asset_id,
        ),
        policy=PublicationPolicy.model_validate(row.policy),
        boundary_version=decision.boundary_version,
        state=case.state,
        public_text=row.public_text,
        changed_at=row.changed_at,
        opened_at=row.opened_at,
        timeline=tuple(_move(case, move) for move in moves),
    )


def _move(case: Case, move: Row[Any]) -> CaseStatusChanged:
    return CaseStatusChanged(
        case_id=case.case_id,
        report_id=case.report_id,
        state=CaseState(move.codes["to"]),
        previous=CaseState(move.codes["from"]),
        message=move.word,
        reason=move.codes.get("reason"),
        body=case.body,
        changed_at=move.at,
    )
