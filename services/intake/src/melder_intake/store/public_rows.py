"""Rows of the public view as domain objects: everything it remembers, before the policy."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, Table, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import Uuid

from melder_common.event_values import BodyRef, CaseState, PublicationPolicy, Rendition
from melder_intake.domain.publication import KnownPhoto, KnownReport
from melder_intake.store.tables import public_photo, public_report

primary: Table = public_report.alias("primary")  # type: ignore[assignment]  # an alias selects like its table
"""The report that another one is a duplicate of."""

_COLUMNS = [column for column in public_report.c if column.name not in {"words", "bodies"}]


def select_reports() -> Select[Any]:
    """The view with the number of the report that each is a duplicate of."""
    return select(*_COLUMNS, primary.c.number.label("primary_number")).outerjoin_from(
        public_report, primary, primary.c.report_id == public_report.c.duplicate_of
    )


def among(column: ColumnElement[UUID], report_ids: Iterable[UUID]) -> ColumnElement[bool]:
    """Whether ``column`` is one of the ids: one array, so that the statement stays the same."""
    return column == any_(bindparam(None, list(report_ids), type_=ARRAY(Uuid)))


async def list_photos(
    connection: AsyncConnection, report_ids: Iterable[UUID], *, only_released: bool = False
) -> dict[UUID, tuple[KnownPhoto, ...]]:
    """The photos of each report, in the order of their ids, which is that of their upload."""
    query = select(public_photo).where(among(public_photo.c.report_id, report_ids))
    if only_released:
        query = query.where(public_photo.c.state == "released")
    found: dict[UUID, tuple[KnownPhoto, ...]] = {}
    for row in await connection.execute(query.order_by(public_photo.c.photo_id)):
        renditions = tuple(Rendition.model_validate(one) for one in row.renditions)
        photo = KnownPhoto(row.photo_id, row.state, renditions, row.reason)
        found[row.report_id] = (*found.get(row.report_id, ()), photo)
    return found


def known_report(row: Row[Any], photos: tuple[KnownPhoto, ...]) -> KnownReport:
    """A row of ``select_reports`` with its photos."""
    return KnownReport(
        report_id=row.report_id,
        number=row.number,
        submitted_at=row.submitted_at,
        changed_at=row.changed_at,
        category=row.category,
        state=CaseState(row.state),
        policy=PublicationPolicy(
            text=row.policy_text, photo=row.policy_photo, place=row.policy_place
        ),
        lat=row.lat,
        long=row.long,
        address=row.address,
        text=row.text,
        municipality=row.municipality,
        decision=row.decision,
        responsible=_body(row.responsible_slug, row.responsible_name),
        working=_body(row.working_slug, row.working_name),
        asked=_body(row.asked_slug, row.asked_name),
        border=row.border,
        border_distance_m=row.border_distance_m,
        reason=row.reason,
        usual_days=row.usual_days,
        reviewed_at=row.reviewed_at,
        closed_at=row.closed_at,
        erased_at=row.erased_at,
        duplicate_of=row.primary_number,
        photos=photos,
    )


def _body(slug: str | None, name: str | None) -> BodyRef | None:
    return BodyRef(slug=slug, name=name) if slug and name else None
