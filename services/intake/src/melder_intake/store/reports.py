"""Reports as submitted: written once, read by number, erased at the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, null, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.event_values import PublicationPolicy
from melder_common.row_inserts import insert_rows_sql, rows_as_json
from melder_common.text import mask_personal_data
from melder_intake.domain.submission import Submission
from melder_intake.store.tables import public_photo, public_report, report, report_photo


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report as it was sent, without contact; texts are None once erased."""

    report_id: UUID
    number: str
    category: str
    lat: float | None
    long: float | None
    address: str | None
    title: str | None
    description: str | None
    attributes: dict[str, list[str]]
    hazard: bool
    language: str
    channels: tuple[str, ...]
    submitted_at: datetime
    erased_at: datetime | None


_REPORT_COLUMNS = (
    "report_id", "number", "source", "api_client_id", "category", "lat", "long", "accuracy_m",
    "address", "address_id", "asset_id", "asset_type", "title", "description", "attributes",
    "media_link", "hazard", "language", "channels", "signals", "submitted_at", "erase_after",
)  # fmt: skip
_VIEW_COLUMNS = (
    "report_id", "number", "submitted_at", "changed_at", "category", "state", "policy_text",
    "policy_photo", "policy_place", "lat", "long", "address",
)  # fmt: skip


_ADD_REPORTS = text(f"""
    WITH added AS (
        {insert_rows_sql(report, _REPORT_COLUMNS, "reports")}
        ON CONFLICT DO NOTHING RETURNING report_id
    ), shown AS (
        {insert_rows_sql(public_report, _VIEW_COLUMNS, "views")}
        WHERE EXISTS (SELECT FROM added WHERE added.report_id = said.report_id)
    )
    SELECT report_id FROM added
""")


async def add_reports(
    connection: AsyncConnection,
    sent: Sequence[tuple[Submission, UUID, str, PublicationPolicy]],
    *,
    submitted_at: datetime,
    erase_after: datetime,
) -> set[UUID]:
    """Store reports (what was sent, id, number, policy) and their first public rows, at once.

    Returns the ids of those stored now. Left out is whose number is taken (try another) and whose
    id is there already.
    """
    rows = [
        _report_row(submission, report_id, number)
        | {"submitted_at": submitted_at, "erase_after": erase_after}
        for submission, report_id, number, _ in sent
    ]
    views = [
        _view_row(submission, report_id, number, policy)
        | {"submitted_at": submitted_at, "changed_at": submitted_at}
        for submission, report_id, number, policy in sent
    ]
    added = await connection.execute(
        _ADD_REPORTS, {"reports": rows_as_json(rows), "views": rows_as_json(views)}
    )
    return set(added.scalars())


def _report_row(submission: Submission, report_id: UUID, number: str) -> dict[str, Any]:
    return {
        "report_id": report_id,
        "number": number,
        "source": submission.source,
        "api_client_id": submission.api_client,
        "category": submission.category,
        "lat": submission.place.lat,
        "long": submission.place.long,
        "accuracy_m": submission.place.accuracy_m,
        "address": submission.place.address,
        "address_id": submission.place.address_id,
        "asset_id": submission.place.asset_id,
        "asset_type": submission.asset_type,
        "title": submission.title,
        "description": submission.description,
        "attributes": dict(submission.attributes),
        "media_link": submission.media_link,
        "hazard": submission.hazard,
        "language": submission.language,
        "channels": submission.contact.channels,
        "signals": submission.signals,
    }


def _view_row(
    submission: Submission, report_id: UUID, number: str, policy: PublicationPolicy
) -> dict[str, Any]:
    """Received, nobody decided, no text released."""
    return {
        "report_id": report_id,
        "number": number,
        "category": submission.category,
        "state": "received",
        "policy_text": policy.text,
        "policy_photo": policy.photo,
        "policy_place": policy.place,
        "lat": submission.place.lat,
        "long": submission.place.long,
        "address": mask_personal_data(submission.place.address or "") or None,
    }


async def add_photos(
    connection: AsyncConnection,
    photos: list[tuple[UUID, str | None]],
    *,
    report_id: UUID,
    at: datetime,
) -> None:
    """Note the photos (id, upload token when known) that the reporter claims for this report."""
    if not photos:
        return
    own = [
        {"report_id": report_id, "photo_id": photo_id, "position": position, "upload_token": token}
        for position, (photo_id, token) in enumerate(photos)
    ]
    await connection.execute(upsert(report_photo).on_conflict_do_nothing(), own)
    shown = [
        {"photo_id": photo_id, "report_id": report_id, "state": "received", "changed_at": at}
        for photo_id, _ in photos
    ]
    await connection.execute(upsert(public_photo).on_conflict_do_nothing(), shown)


async def set_upload_token(connection: AsyncConnection, photo_id: UUID, token: str) -> None:
    """Remember the token media gave for a forwarded photo, so its reporter can see it."""
    await connection.execute(
        update(report_photo).where(report_photo.c.photo_id == photo_id).values(upload_token=token)
    )


async def list_own_photos(
    connection: AsyncConnection, report_id: UUID
) -> list[tuple[UUID, str | None]]:
    """The photos of a report with their upload tokens, as the reporter sent them."""
    rows = await connection.execute(
        select(report_photo.c.photo_id, report_photo.c.upload_token)
        .where(report_photo.c.report_id == report_id)
        .order_by(report_photo.c.position)
    )
    return [(row.photo_id, row.upload_token) for row in rows]


async def find_numbers(connection: AsyncConnection, report_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The numbers of those reports that there are."""
    if not report_ids:
        return {}
    found = await connection.execute(
        select(report.c.report_id, report.c.number).where(report.c.report_id.in_(report_ids))
    )
    return {row.report_id: row.number for row in found}


async def find_report_id(connection: AsyncConnection, number: str) -> UUID | None:
    """The id behind a canonical number."""
    found = await connection.execute(select(report.c.report_id).where(report.c.number == number))
    return found.scalar_one_or_none()


async def lock_report(connection: AsyncConnection, report_id: UUID) -> bool:
    """Lock the report's row, which orders the events about it; False when there is none."""
    found = await connection.execute(
        select(report.c.report_id).where(report.c.report_id == report_id).with_for_update()
    )
    return found.first() is not None


async def find_report(connection: AsyncConnection, report_id: UUID) -> StoredReport | None:
    """The report as submitted."""
    found = (
        await connection.execute(select(report).where(report.c.report_id == report_id))
    ).one_or_none()
    if found is None:
        return None
    return StoredReport(
        report_id=found.report_id,
        number=found.number,
        category=found.category,
        lat=found.lat,
        long=found.long,
        address=found.address,
        title=found.title,
        description=found.description,
        attributes=found.attributes,
        hazard=found.hazard,
        language=found.language,
        channels=tuple(found.channels),
        submitted_at=found.submitted_at,
        erased_at=found.erased_at,
    )


async def lock_next_reports(
    connection: AsyncConnection, after: str | None, limit: int
) -> Sequence[Row[Any]]:
    """The next ``limit`` reports after the id ``after``, locked, in the order of their ids."""
    chosen = select(report).order_by(report.c.report_id).limit(limit)
    if after:
        chosen = chosen.where(report.c.report_id > UUID(after))
    return (await connection.execute(chosen.with_for_update())).all()


async def erase_submission(connection: AsyncConnection, report_id: UUID, at: datetime) -> bool:
    """Clear every field a person wrote; False when there is no report left to erase."""
    erased = await connection.execute(
        update(report)
        .where(report.c.report_id == report_id, report.c.erased_at.is_(None))
        .values(
            erased_at=at,
            title=None,
            description=None,
            attributes={},
            media_link=None,
            address=None,
            address_id=None,
            asset_id=None,
            asset_type=None,
            lat=null(),
            long=null(),
            accuracy_m=None,
        )
    )
    await connection.execute(report_photo.delete().where(report_photo.c.report_id == report_id))
    return bool(erased.rowcount)
