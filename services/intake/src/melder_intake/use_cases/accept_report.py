"""Accept a report: one transaction writes it, its first public row, its files and its event."""

import random
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


async def accept_report(
    unit: UnitOfWork,
    submission: Submission,
    identity: Identity,
    *,
    policy: PublicationPolicy,
    acceptance: Acceptance,
) -> Accepted:
    """Store a checked submission and say so; the same key and content give the same report.

    Raises KeyReused when the key came with other content, NumbersExhausted.
    """
    if identity.key is not None:
        first = await remember(
            unit,
            scope=identity.scope,
            key=identity.key,
            content_hash=content_hash(submission.canonical()),
            object_id=identity.report_id,
        )
        if first != identity.report_id:
            return await _accepted_before(unit, first)
    number = await _store(unit, submission, identity.report_id, policy, acceptance)
    photos, lost = await _keep_photos(unit, submission, identity.report_id, acceptance)
    unit.record(
        ReportSubmitted(
            report_id=identity.report_id,
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
            contact=_seal(unit, submission, identity.report_id, number, acceptance),
            submitted_at=unit.now,
            signals=submission.signals,
        ),
        aggregate_id=identity.report_id,
        report_id=identity.report_id,
    )
    return Accepted(identity.report_id, number, photos_lost=lost)


async def find_accepted(unit: UnitOfWork, identity: Identity) -> Accepted | None:
    """What an earlier try with these ids left behind, when its answer was lost."""
    number = await reports.find_number(unit.connection, identity.report_id)
    return Accepted(identity.report_id, number, repeated=True) if number else None


async def _accepted_before(unit: UnitOfWork, report_id: UUID) -> Accepted:
    number = await reports.find_number(unit.connection, report_id)
    if number is None:
        raise LookupError(f"an idempotency key names report {report_id}, which does not exist")
    return Accepted(report_id, number, repeated=True)


async def _store(
    unit: UnitOfWork,
    submission: Submission,
    report_id: UUID,
    policy: PublicationPolicy,
    acceptance: Acceptance,
) -> str:
    for _ in range(_NUMBER_TRIES):
        number = new_number(acceptance.chance)
        stored = await reports.add_report(
            unit.connection,
            submission,
            report_id=report_id,
            number=number,
            submitted_at=unit.now,
            erase_after=unit.now + acceptance.kept_for,
        )
        if stored:
            await reports.add_to_public_view(
                unit.connection,
                submission,
                report_id=report_id,
                number=number,
                submitted_at=unit.now,
                policy=policy,
            )
            return number
    raise NumbersExhausted(f"{_NUMBER_TRIES} report numbers in a row were taken")


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
