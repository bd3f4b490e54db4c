"""What mails say about reports, kept up to date by events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Uuid, any_, bindparam, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.row_inserts import insert_rows
from melder_notify.store.tables import report


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """A report as mails may speak of it; names by language tag."""

    report_id: UUID
    number: str
    language: str
    category: str
    category_name: dict[str, str]
    state: str
    responsible_slug: str | None
    responsible_name: str | None
    municipality: str | None
    reason: dict[str, str]
    usual_days: float | None
    merged_into: UUID | None
    submitted_at: datetime
    routed_at: datetime | None
    closed_at: datetime | None


async def add_reports(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert reports, many at once."""
    await insert_rows(connection, report, rows)


async def note_routing(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Set what routing decided, many at once; each row names its report as ``id``."""
    if not rows:
        return
    statement = (
        update(report)
        .where(report.c.report_id == bindparam("id"))
        .values(
            {
                name: bindparam(name)
                for name in (
                    "category",
                    "category_name",
                    "responsible_slug",
                    "responsible_name",
                    "municipality",
                    "reason",
                    "usual_days",
                    "routed_at",
                )
            }
        )
    )
    await connection.execute(statement, list(rows))


async def find_reports(
    connection: AsyncConnection, report_ids: Sequence[UUID]
) -> dict[UUID, ReportFacts]:
    """Reports by id; unknown ones are missing."""
    columns = [report.c[name] for name in ReportFacts.__dataclass_fields__]
    wanted = any_(literal(list(report_ids), ARRAY(Uuid)))
    rows = await connection.execute(select(*columns).where(report.c.report_id == wanted))
    return {row.report_id: _report(row) for row in rows}


async def change_report(connection: AsyncConnection, report_id: UUID, **values: Any) -> None:
    """Set columns of one report."""
    await connection.execute(update(report).where(report.c.report_id == report_id).values(**values))


def _report(row: Row[*tuple[Any, ...]]) -> ReportFacts:
    return ReportFacts(*row)
