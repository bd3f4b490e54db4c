"""A page of public reports with all that a list may show: words, details, notes; one query each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.event_values import CaseState
from melder_common.text import mask_personal_data
from melder_intake.domain.publication import (
    IsFreeText,
    KnownReport,
    PublicDetails,
    PublicReport,
    SentDetails,
    publish,
    publish_details,
)
from melder_intake.store.public_listing import Wanted, latest_words, list_known_reports
from melder_intake.store.public_reading import TimelineEntry
from melder_intake.store.public_rows import among
from melder_intake.store.public_view import PHOTO
from melder_intake.store.tables import message, report, timeline_entry

Notes = dict[UUID, list[TimelineEntry]]


@dataclass(frozen=True, slots=True)
class Listed:
    """A report with the body's newest ``word``; the rest only where it was asked for."""

    report: PublicReport
    word: str | None = None
    details: PublicDetails | None = None
    notes: Sequence[TimelineEntry] = field(default=())


async def list_with_details(
    connection: AsyncConnection,
    wanted: Wanted,
    *,
    limit: int,
    is_free: IsFreeText | None,
    notes: bool,
) -> list[Listed]:
    """The reports wanted; details where ``is_free`` tells which answers are typed freely."""
    known = await list_known_reports(connection, wanted, limit=limit)
    ids = [one.report_id for one in known]
    words = await latest_words(connection, ids)
    details = await list_public_details(connection, known, is_free) if is_free else {}
    said = await list_notes(connection, ids) if notes else {}
    return [
        Listed(
            publish(one),
            words.get(one.report_id),
            details.get(one.report_id),
            said.get(one.report_id, ()),
        )
        for one in known
    ]


async def list_public_details(
    connection: AsyncConnection, known: Sequence[KnownReport], is_free: IsFreeText
) -> dict[UUID, PublicDetails]:
    """What everybody may see of what was sent with each report; erased ones have nothing."""
    columns = report.c
    rows = await connection.execute(
        select(
            columns.report_id,
            columns.category,
            columns.title,
            columns.description,
            columns.attributes,
            columns.asset_type,
            columns.asset_id,
        ).where(among(columns.report_id, [one.report_id for one in known]))
    )
    sent = {
        row.report_id: SentDetails(
            category=row.category,
            title=row.title,
            description=row.description,
            attributes={code: tuple(values) for code, values in row.attributes.items()},
            asset_type=row.asset_type,
            asset_id=row.asset_id,
        )
        for row in rows
    }
    return {
        one.report_id: publish_details(one, sent[one.report_id], is_free)
        for one in known
        if one.report_id in sent
    }


async def list_notes(connection: AsyncConnection, report_ids: Iterable[UUID]) -> Notes:
    """The public history and public messages of each report, oldest first; masked."""
    wanted = list(report_ids)
    found: Notes = {}
    history = await connection.execute(
        select(timeline_entry).where(
            among(timeline_entry.c.report_id, wanted), timeline_entry.c.kind != PHOTO
        )
    )
    for row in history:
        state = CaseState(row.state) if row.state else None
        entry = TimelineEntry(row.at, row.kind, state, row.body_name, row.text, row.data)
        found.setdefault(row.report_id, []).append(entry)
    said = await connection.execute(
        select(message).where(among(message.c.report_id, wanted), message.c.public)
    )
    for row in said:
        text = mask_personal_data(row.text)
        entry = TimelineEntry(row.posted_at, "message", None, row.body_name, text)
        found.setdefault(row.report_id, []).append(entry)
    for entries in found.values():
        entries.sort(key=lambda entry: entry.at)
    return found
