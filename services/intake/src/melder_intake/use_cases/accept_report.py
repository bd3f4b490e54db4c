"""Accept reports: one transaction writes each, its first public row, its files and its event."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import orjson

from melder_common.event_values import PhotoClaim, PublicationPolicy, SealedEnvelope
from melder_common.events import ReportSubmitted
from melder_common.idempotency import content_hash, remember
from melder_common.numbers import new_number
from melder_common.sealing import SealingKeys
from melder_common.tokens import hmac_token
from melder_common.unit_of_work import UnitOfWork
from melder_intake.domain.submission import Accepted, Identity, Submission
from melder_intake.store import photo_spool, reports

FORWARD_PHOTO = "forward_spooled_photo"
SPOOLED = "spooled"
"""Stands for the upload token of a file that intake itself hands to media."""

_NUMBER_TRIES = 8


class NumbersExhausted(RuntimeError):
    """Eight numbers in a row were taken: the source of chance is broken."""


@dataclass(frozen=True)
class Acceptance:
    """What accepting needs beside the report: keys, where links point, limits, chance."""

    origin: str
    tracking_key: bytes
    sealing: SealingKeys
    spool_bytes: int
    kept_for: timedelta
    chance: random.Random

    def tracking_token(self, report_id: UUID) -> str:
        """The secret part of the tracking link; never stored."""
        return hmac_token(self.tracking_key, "tracking", str(report_id))

    def tracking_url(self, report_id: UUID, number: str) -> str:
        """The link that only the reporter gets."""
        return f"{self.origin}/m/{number}/{self.tracking_token(report_id)}"


@dataclass(frozen=True, slots=True)
class Sending:
    """A checked submission that wants to become a report. ``trace``: where it came in."""

    submission: Submission
    identity: Identity
    policy: PublicationPolicy
    trace: str | None = None

    @property
    def report_id(self) -> UUID:
        """What the report is or will be called."""
        return self.identity.report_id


async def accept_reports(
    unit: UnitOfWork, sendings: Sequence[Sending], acceptance: Acceptance
) -> list[Accepted]:
    """Store what was sent and say so, in the order given; whatever was stored before stays.

    The same key and content give the same report, and so does the same id, by which an earlier
    try is found again whose answer was lost. Raises KeyReused when a key came with other content,
    NumbersExhausted.
    """
    unit.traces = {sending.report_id: sending.trace for sending in sendings if sending.trace}
    meant = await _find_meant(unit, sendings)
    new = [sending for sending in sendings if meant[sending.report_id] == sending.report_id]
    numbers = await _store(unit, new, acceptance)
    lost = {
        sending.report_id: await _tell(unit, sending, numbers[sending.report_id], acceptance)
        for sending in new
        if sending.report_id in numbers
    }
    before = [first for first in meant.values() if first not in numbers]
    numbers |= await reports.find_numbers(unit.connection, before)
    return [
        Accepted(
            meant[id_],
            numbers[meant[id_]],
            repeated=id_ not in lost,
            photos_lost=lost.get(id_, 0),
        )
        for id_ in (sending.report_id for sending in sendings)
    ]


async def _find_meant(unit: UnitOfWork, sendings: Sequence[Sending]) -> dict[UUID, UUID]:
    """By its own id, the id of the report that each sending means: another one if it is repeated.

    Keys are claimed in their order, so that two groups cannot wait for each other.
    """
    meant = {sending.report_id: sending.report_id for sending in sendings}
    keyed = [(one.identity.scope, one.identity.key, one) for one in sendings if one.identity.key]
    for scope, key, sending in sorted(keyed, key=lambda claim: claim[:2]):
        meant[sending.report_id] = await remember(
            unit,
            scope=scope,
            key=key,
            content_hash=content_hash(sending.submission.canonical()),
            object_id=sending.report_id,
        )
    return meant


async def _store(
    unit: UnitOfWork, sendings: Sequence[Sending], acceptance: Acceptance
) -> dict[UUID, str]:
    """The numbers of those stored now; the others were stored by an earlier try."""
    numbers: dict[UUID, str] = {}
    left = {sending.report_id: sending for sending in sendings}
    for _ in range(_NUMBER_TRIES):
        if not left:
            break
        tried = {id_: new_number(acceptance.chance) for id_ in left}
        rows = [(one.submission, id_, tried[id_], one.policy) for id_, one in left.items()]
        stored = await reports.add_reports(
            unit.connection, rows, submitted_at=unit.now, erase_after=unit.now + acceptance.kept_for
        )
        numbers |= {id_: tried[id_] for id_ in stored}
        refused = left.keys() - stored
        there = await reports.find_numbers(unit.connection, list(refused)) if refused else {}
        left = {id_: left[id_] for id_ in refused - there.keys()}
    if left:
        raise NumbersExhausted(f"{_NUMBER_TRIES} report numbers in a row were taken")
    return numbers


async def _tell(unit: UnitOfWork, sending: Sending, number: str, acceptance: Acceptance) -> int:
    """Keep the photos, record the event; returns how many files the full spool turned away."""
    submission, report_id = sending.submission, sending.report_id
    photos, lost = await _keep_photos(unit, submission, report_id, acceptance)
    unit.record(
        ReportSubmitted(
            report_id=report_id,
            number=number,
            source=submission.source,
            api_client=submission.api_client_name,
            category=submission.category,
            place=submission.place,
            title=submission.title,
            description=submission.description,
            attributes=dict(submission.attributes),
            photos=photos,
            media_link=submission.media_link,
            hazard=submission.hazard,
            language=submission.language,
            channels=submission.contact.channels,
            contact=_seal(unit, submission, report_id, number, acceptance),
            submitted_at=unit.now,
            signals=submission.signals,
        ),
        aggregate_id=report_id,
        report_id=report_id,
    )
    return lost


async def _keep_photos(
    unit: UnitOfWork, submission: Submission, report_id: UUID, acceptance: Acceptance
) -> tuple[tuple[PhotoClaim, ...], int]:
    """The claims to tell of, and how many files the full spool turned away."""
    spooled = await photo_spool.claim_drafts(unit.connection, submission.drafts, report_id)
    lost = len(submission.drafts) - len(spooled)
    for file in submission.files:
        held = await photo_spool.get_spooled_bytes(unit.connection)
        if held + len(file.content) > acceptance.spool_bytes:
            lost += 1
            continue
        await photo_spool.add_to_spool(unit.connection, file, report_id=report_id, at=unit.now)
        spooled.append(file.photo_id)
    for photo_id in spooled:
        await unit.plan(FORWARD_PHOTO, str(photo_id), at=unit.now)
    claimed = [(claim.photo_id, claim.upload_token) for claim in submission.photos]
    await reports.add_photos(
        unit.connection,
        [*claimed, *((photo_id, None) for photo_id in spooled)],
        report_id=report_id,
        at=unit.now,
    )
    own = tuple(PhotoClaim(photo_id=photo_id, upload_token=SPOOLED) for photo_id in spooled)
    return (*submission.photos, *own), lost


def _seal(
    unit: UnitOfWork,
    submission: Submission,
    report_id: UUID,
    number: str,
    acceptance: Acceptance,
) -> SealedEnvelope | None:
    contact = submission.contact
    if contact.empty:
        return None
    content = {
        "name": contact.name,
        "email": contact.email,
        "phone": contact.phone,
        "account": contact.account,
        "tracking_url": acceptance.tracking_url(report_id, number),
        "number": number,
    }
    return acceptance.sealing.seal(orjson.dumps(content), unit.now)
