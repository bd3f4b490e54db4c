"""Cases as use cases read and write them: locked, by version, with their history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.event_values import (
    BodyRef,
    CaseState,
    CategoryRef,
    Place,
    PublicationPolicy,
)
from melder_common.row_inserts import insert_rows
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case import Case
from melder_routing.domain.case_changes import CaseNotFound, StaleWrite
from melder_routing.domain.clerk import Scope
from melder_routing.domain.decision import Rule
from melder_routing.domain.history import HistoryEntry
from melder_routing.store.case_tables import case, case_history
from melder_routing.store.region_tables import body
from melder_routing.store.visible_cases import visible_cases

_working = body.alias("working_body")
_responsible = body.alias("responsible_body")

CASE_COLUMNS: tuple[Any, ...] = (
    case,
    _working.c.name.label("working_name"),
    _responsible.c.name.label("responsible_name"),
)


def with_bodies(selection: Select[Any]) -> Select[Any]:
    """Join the names that ``CASE_COLUMNS`` asks for."""
    return selection.join(_working, _working.c.slug == case.c.working).outerjoin(
        _responsible, _responsible.c.slug == case.c.responsible
    )


async def lock_visible_case(connection: AsyncConnection, scope: Scope, number: str) -> Case:
    """The case as it is now, locked until the commit. Raises CaseNotFound, also for foreign ones.

    Locking asks row-level security for the right to change: a reader's case is not found here.
    """
    chosen = with_bodies(visible_cases(scope, *CASE_COLUMNS)).where(case.c.number == number)
    row = (await connection.execute(chosen.with_for_update(of=case))).first()
    if row is None:
        raise CaseNotFound(number)
    return case_of(row)


async def lock_case_of_report(connection: AsyncConnection, report_id: UUID) -> Case:
    """For what services say: the case of a report, locked. Raises CaseNotFound."""
    return await _lock(connection, case.c.report_id == report_id, str(report_id))


async def lock_case(connection: AsyncConnection, case_id: UUID) -> Case:
    """For timers: a case by its id, locked. Raises CaseNotFound."""
    return await _lock(connection, case.c.id == case_id, str(case_id))


async def _lock(connection: AsyncConnection, which: ColumnElement[bool], name: str) -> Case:
    chosen = with_bodies(select(*CASE_COLUMNS).select_from(case)).where(which)
    row = (await connection.execute(chosen.with_for_update(of=case))).first()
    if row is None:
        raise CaseNotFound(name)
    return case_of(row)


async def get_policy(connection: AsyncConnection, case_id: UUID) -> PublicationPolicy:
    """The publication policy the case was opened with."""
    found = await connection.scalar(select(case.c.policy).where(case.c.id == case_id))
    return PublicationPolicy.model_validate(found)


async def is_erased(connection: AsyncConnection, case_id: UUID) -> bool:
    """Whether the report behind the case was erased."""
    chosen = select(case.c.erased_at.is_not(None)).where(case.c.id == case_id)
    return bool(await connection.scalar(chosen))


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What a routing says of a case besides who has it. ``routed_at``: when it was routed last."""

    place: Place
    category: CategoryRef
    policy: PublicationPolicy
    routed_at: datetime
    municipality: str | None = None


async def get_facts(connection: AsyncConnection, case_id: UUID) -> CaseFacts:
    """The place, category and policy of a case."""
    row = (await connection.execute(select(case).where(case.c.id == case_id))).one()
    return facts_of(row)


def facts_of(row: Row[Any]) -> CaseFacts:
    """The facts from a row of ``case``."""
    return CaseFacts(
        place=Place(
            lat=row.lat,
            long=row.long,
            accuracy_m=row.accuracy_m,
            address=row.address,
            asset_id=row.asset_id,
        ),
        category=CategoryRef(slug=row.category, name=row.category_name),
        policy=PublicationPolicy.model_validate(row.policy),
        routed_at=row.routed_at,
        municipality=row.municipality,
    )


async def list_unaccepted(
    connection: AsyncConnection, after: UUID | None, limit: int, *, lock: bool = False
) -> list[tuple[Case, CaseFacts]]:
    """The next open cases that no clerk has accepted, claimed or taken over; locked on demand."""
    chosen = with_bodies(select(*CASE_COLUMNS).select_from(case)).where(
        case.c.state == literal_column(f"'{CaseState.RECEIVED}'"),
        case.c.assignee.is_(None),
        case.c.decision["rule"].astext != Rule.TAKEN_OVER.value,
    )
    if after is not None:
        chosen = chosen.where(case.c.id > after)
    chosen = chosen.order_by(case.c.id).limit(limit)
    rows = await connection.execute(chosen.with_for_update(of=case) if lock else chosen)
    return [(case_of(row), facts_of(row)) for row in rows]


async def save_case(unit: UnitOfWork, before: Case, after: Case) -> None:
    """Write what changed. Raises StaleWrite if somebody was faster (the lock makes that rare)."""
    changed = update(case).where(case.c.id == before.case_id, case.c.version == before.version)
    result = await unit.connection.execute(
        changed.values(
            state=after.state,
            resumes_as=after.resumes_as,
            version=after.version,
            assignee=after.assignee,
            reopened=after.reopened,
            contact_confirmed=after.contact_confirmed,
            text_to_review=after.text_to_review,
            photos_to_review=after.photos_to_review,
            unread=after.unread,
            closed_at=after.closed_at,
            changed_at=unit.now,
        )
    )
    if result.rowcount != 1:
        raise StaleWrite(before.number, before.version, after.version)


async def set_case_facts(connection: AsyncConnection, case_id: UUID, **values: Any) -> None:
    """Note facts that are no clerk's change and leave the version alone (columns by name)."""
    await connection.execute(update(case).where(case.c.id == case_id).values(**values))


async def add_cases(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Insert new cases in one statement."""
    await insert_rows(connection, case, rows)


async def add_history(unit: UnitOfWork, case_id: UUID, *entries: HistoryEntry) -> None:
    """Append lines to a case's history, dated now."""
    await add_histories(unit, [(case_id, entry) for entry in entries])


async def add_histories(unit: UnitOfWork, lines: Sequence[tuple[UUID, HistoryEntry]]) -> None:
    """Append lines to the histories of several cases in one statement: a trigger follows each."""
    rows = [
        {
            "case_id": case_id,
            "at": unit.now,
            "kind": entry.kind,
            "body": entry.body,
            "clerk_id": entry.clerk_id,
            "version": entry.version,
            "refers_to": entry.refers_to,
            "codes": dict(entry.codes),
        }
        for case_id, entry in lines
    ]
    await insert_rows(unit.connection, case_history, rows)


def case_of(row: Row[Any]) -> Case:
    """The domain's case from a row of ``CASE_COLUMNS``."""
    responsible = row.responsible and BodyRef(slug=row.responsible, name=row.responsible_name)
    return Case(
        case_id=row.id,
        report_id=row.report_id,
        number=row.number,
        category=row.category,
        state=CaseState(row.state),
        version=row.version,
        queue=row.queue,
        working=BodyRef(slug=row.working, name=row.working_name),
        responsible=responsible or None,
        candidates=frozenset(row.candidates),
        former=frozenset(row.former),
        informed=frozenset(row.informed),
        assignee=row.assignee,
        resumes_as=CaseState(row.resumes_as) if row.resumes_as else None,
        hazard=row.hazard,
        reopened=row.reopened,
        channels=frozenset(row.channels),
        contact_confirmed=row.contact_confirmed,
        contact_erased=row.contact_erased_at is not None,
        tracking_opened=row.tracking_opened_at is not None,
        submitted_at=row.submitted_at,
        due_at=row.due_at,
        closed_at=row.closed_at,
        text_to_review=row.text_to_review,
        photos_to_review=row.photos_to_review,
        unread=row.unread,
    )
