"""Take an update that a program sends to a report: words and photos for the clerks, once."""

from uuid import UUID

from melder_common.event_values import PhotoClaim
from melder_common.idempotency import content_hash
from melder_common.unit_of_work import UnitOfWork
from melder_intake.domain.client_update import (
    ClientUpdate,
    ReportGone,
    ServiceNotAllowed,
    SpoolFull,
    UpdateIds,
    UpdateReused,
    spooled_size,
)
from melder_intake.domain.open311_status import CaseSeen, meaning_of
from melder_intake.store import participation, photo_spool, received_updates, reports
from melder_intake.store.public_reading import find_known_report
from melder_intake.store.received_updates import ReceivedUpdate
from melder_intake.use_cases.accept_report import FORWARD_PHOTO, SPOOLED
from melder_intake.use_cases.take_part import comment_report, give_feedback, request_reopening

APP = "open311"
"""The source of comments that programs sent."""


async def take_update(
    unit: UnitOfWork, number: str, update: ClientUpdate, ids: UpdateIds, *, spool_bytes: int
) -> UUID | None:
    """Keep the update and tell routing; returns our id of it, None for an unknown report.

    Raises UpdateReused for an update_id that came with other content, ServiceNotAllowed,
    ReportGone, SpoolFull.
    """
    report = await received_updates.find_addressed(unit.connection, number)
    if report is None:
        return None
    if not ids.client.may_report(report.category):
        raise ServiceNotAllowed
    # first of all: two twins that both hold a share of the row would wait for each other
    await reports.lock_report(unit.connection, report.report_id)
    mine = ReceivedUpdate(report.report_id, ids.comment_id, content_hash(update.canonical()))
    first = await received_updates.claim_update(
        unit.connection,
        client_id=ids.client.client_id,
        update_id=update.update_id,
        received=mine,
        at=unit.now,
    )
    if first.comment_id != mine.comment_id:
        _require_same(first, mine)
        return first.comment_id
    if await received_updates.is_erased(unit.connection, report.report_id):
        raise ReportGone
    own = report.filed_by == ids.client.client_id
    photos = await _spool(unit, report.report_id, update, spool_bytes)
    await _comment(unit, report.report_id, update, ids, photos=photos, own=own)
    if own:
        await _say_what_it_means(unit, number, report.report_id, update)
    return ids.comment_id


def _require_same(first: ReceivedUpdate, mine: ReceivedUpdate) -> None:
    other = first.content_hash is not None and first.content_hash != mine.content_hash
    if other or first.report_id != mine.report_id:
        raise UpdateReused


async def _comment(
    unit: UnitOfWork,
    report_id: UUID,
    update: ClientUpdate,
    ids: UpdateIds,
    *,
    photos: tuple[PhotoClaim, ...],
    own: bool,
) -> None:
    question = await participation.find_open_question(unit.connection, report_id) if own else None
    await comment_report(
        unit,
        report_id,
        comment_id=ids.comment_id,
        text=update.comment,
        answers=question,
        source=APP,
        written_at=min(update.said_at, unit.now),
        photos=photos,
        api_client=ids.client.name,
        by_reporter=own,
    )


async def _spool(
    unit: UnitOfWork, report_id: UUID, update: ClientUpdate, spool_bytes: int
) -> tuple[PhotoClaim, ...]:
    """The photos on the way to media; the reporter's own page does not show them."""
    if not update.files:
        return ()
    held = await photo_spool.get_spooled_bytes(unit.connection)
    if held + spooled_size(update.files) > spool_bytes:
        raise SpoolFull
    for file in update.files:
        await photo_spool.add_to_spool(unit.connection, file, report_id=report_id, at=unit.now)
        await unit.plan(FORWARD_PHOTO, str(file.photo_id), at=unit.now)
    return tuple(PhotoClaim(photo_id=file.photo_id, upload_token=SPOOLED) for file in update.files)


async def _say_what_it_means(
    unit: UnitOfWork, number: str, report_id: UUID, update: ClientUpdate
) -> None:
    """Only who filed the report speaks for its reporter; others have commented."""
    known = await find_known_report(unit.connection, number)
    if known is None:
        return
    said = await participation.get_participation(unit.connection, report_id)
    seen = CaseSeen(known.state, known.closed_at, said.fixed)
    meaning = meaning_of(update.status, update.said_at, seen)
    if meaning in {"fixed", "not_fixed"}:
        await give_feedback(unit, report_id, fixed=meaning == "fixed", text=None)
    elif meaning == "reopen":
        await request_reopening(unit, report_id, reason=update.text)
