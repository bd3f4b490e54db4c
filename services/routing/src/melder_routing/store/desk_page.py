"""Everything one case page shows, read within the clerk's scope in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.event_values import PublicationPolicy
from melder_routing.domain.case import Case
from melder_routing.domain.case_changes import CaseNotFound
from melder_routing.domain.clerk import Scope
from melder_routing.domain.decision import Decision
from melder_routing.domain.history import MOVES
from melder_routing.domain.working_days import HolidayRules
from melder_routing.store.case_tables import (
    case,
    case_history,
    case_message,
    case_photo,
    case_text,
    mail_log,
)
from melder_routing.store.cases import CASE_COLUMNS, case_of, with_bodies
from melder_routing.store.clerks import list_colleagues
from melder_routing.store.desk_list import list_categories
from melder_routing.store.holidays import find_holidays
from melder_routing.store.links_on_page import LinkRow, list_links
from melder_routing.store.outside_page import OutsideRow, list_outside
from melder_routing.store.region_tables import category, question
from melder_routing.store.regions import name_bodies
from melder_routing.store.visible_cases import visible_cases, visible_contents

MOST_LINES = 200


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case with what lies beside it. ``names``: colleagues' names; ``bodies``: names by slug."""

    case: Case
    facts: Row[Any]
    decision: Decision
    policy: PublicationPolicy
    texts: Row[Any]
    photos: Sequence[Row[Any]]
    messages: Sequence[Row[Any]]
    history: Sequence[Row[Any]]
    mails: Sequence[Row[Any]]
    questions: Sequence[Row[Any]]
    names: dict[UUID, str]
    bodies: dict[str, str]
    holidays: HolidayRules
    categories: list[tuple[str, list[tuple[str, str]]]]
    outside: Sequence[OutsideRow]
    links: Sequence[LinkRow]


async def read_case(connection: AsyncConnection, scope: Scope, number: str) -> CaseFile:
    """The file of a case. Raises CaseNotFound, also for a foreign one."""
    chosen = with_bodies(visible_cases(scope, *CASE_COLUMNS)).where(case.c.number == number)
    facts = (await connection.execute(chosen)).first()
    if facts is None:
        raise CaseNotFound(number)
    history = await _history(connection, scope, facts.id)
    return CaseFile(
        case=case_of(facts),
        facts=facts,
        decision=Decision.from_json(facts.decision),
        policy=PublicationPolicy.model_validate(facts.policy),
        texts=(await connection.execute(_beside(scope, case_text, facts.id))).one(),
        photos=await _sorted(connection, scope, case_photo, facts.id, case_photo.c.position),
        messages=await _sorted(connection, scope, case_message, facts.id, case_message.c.at),
        history=history,
        mails=await _mails(connection, scope, facts.report_id),
        questions=await _questions(connection, facts.category),
        names=await list_colleagues(connection, scope),
        bodies=await name_bodies(connection, _named(facts, history)),
        holidays=await find_holidays(connection),
        categories=await list_categories(connection, present=True),
        outside=await list_outside(connection, case_of(facts)),
        links=await list_links(connection, case_of(facts)),
    )


async def read_changes_since(
    connection: AsyncConnection, scope: Scope, number: str, version: int
) -> Sequence[Row[Any]]:
    """The lines of history after ``version``: what somebody else did meanwhile."""
    chosen = visible_contents(scope, case_history).where(
        case.c.number == number, case_history.c.version > version
    )
    return list(await connection.execute(chosen.order_by(case_history.c.id)))


async def read_place(
    connection: AsyncConnection, scope: Scope, number: str
) -> tuple[float, float, float | None]:
    """Latitude, longitude and metres to the border. Raises CaseNotFound."""
    chosen = visible_cases(scope, case.c.lat, case.c.long, case.c.decision)
    row = (await connection.execute(chosen.where(case.c.number == number))).first()
    if row is None:
        raise CaseNotFound(number)
    return row.lat, row.long, row.decision.get("border_distance_m")


async def find_photo_report(
    connection: AsyncConnection, scope: Scope, number: str, photo_id: UUID
) -> UUID:
    """The report of a photo that lies in this case. Raises CaseNotFound."""
    chosen = visible_contents(scope, case_photo, case.c.report_id).where(
        case.c.number == number, case_photo.c.photo_id == photo_id
    )
    report_id: UUID | None = await connection.scalar(chosen)
    if report_id is None:
        raise CaseNotFound(number)
    return report_id


def _beside(scope: Scope, table: Table, case_id: UUID) -> Select[Any]:
    return visible_contents(scope, table).where(table.c.case_id == case_id)


async def _sorted(
    connection: AsyncConnection, scope: Scope, table: Table, case_id: UUID, order: Any
) -> Sequence[Row[Any]]:
    chosen = _beside(scope, table, case_id).order_by(order).limit(MOST_LINES)
    return list(await connection.execute(chosen))


async def _history(connection: AsyncConnection, scope: Scope, case_id: UUID) -> Sequence[Row[Any]]:
    newest = _beside(scope, case_history, case_id).order_by(case_history.c.id.desc())
    return list(reversed((await connection.execute(newest.limit(MOST_LINES))).all()))


async def _mails(connection: AsyncConnection, scope: Scope, report_id: UUID) -> Sequence[Row[Any]]:
    chosen = visible_cases(scope, mail_log).join(mail_log, mail_log.c.report_id == case.c.report_id)
    chosen = chosen.where(case.c.report_id == report_id).order_by(mail_log.c.at)
    return list(await connection.execute(chosen.limit(MOST_LINES)))


async def _questions(connection: AsyncConnection, slug: str) -> Sequence[Row[Any]]:
    chosen = select(question).join(category, category.c.id == question.c.category_id)
    chosen = chosen.where(category.c.slug == slug).order_by(question.c.position)
    return list(await connection.execute(chosen))


def _named(facts: Row[Any], history: Sequence[Row[Any]]) -> set[str]:
    """Slugs of the bodies that the page names."""
    acted = {line.body for line in history if line.body}
    moves = [line.codes for line in history if line.kind in MOVES]
    moved = {move[end] for move in moves for end in ("from", "to") if end in move}
    return acted | moved | set(facts.candidates)
