"""What falls due at notify: mails to send, contacts to erase."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from melder_common.crash_points import crash_point
from melder_common.reconcile import Reconciler
from melder_common.timers import (
    AnyTimerHandler,
    Due,
    Together,
    postpone,
    settle,
    settle_together,
)
from melder_common.unit_of_work import UnitOfWork, UnitsOfWork
from melder_notify.domain.news import Notification
from melder_notify.store.case_mails import SEND_CASE_MAIL, list_unplanned_case_mails
from melder_notify.store.mail_server import MailDelayed, MailRefused
from melder_notify.store.notifications import (
    SEND_MAIL,
    find_contacts_of,
    list_unplanned,
)
from melder_notify.use_cases.announce import plan_mails
from melder_notify.use_cases.erase_again import ERASE_AGAIN, erase_when_known
from melder_notify.use_cases.erase_contacts import erase_contacts_in_time
from melder_notify.use_cases.mail_link import (
    LinkMail,
    note_link_delayed,
    note_link_failed,
    note_link_sent,
    prepare_link_mail,
)
from melder_notify.use_cases.note_mail_outcome import note_delayed, note_failed, note_sent
from melder_notify.use_cases.note_routing import let_late_receipts_go
from melder_notify.use_cases.office import Office
from melder_notify.use_cases.prepare_mails import Outgoing, Prepared, prepare_mails

ERASE_CONTACTS = "erase_contacts"
RELEASE_RECEIPTS = "release_receipts"
LATE_RECEIPTS_EVERY = timedelta(seconds=20)


async def send_mails(dues: Sequence[Due], office: Office, units: UnitsOfWork) -> None:
    """Prepare, send, note the outcome: three steps, and no unit open while SMTP is spoken.

    A crash between the server's 250 and the commit means one more mail with the same Message-ID.
    """
    async with units.begin() as unit:
        now_due, later = await _one_a_contact(unit, dues)
        prepared = await prepare_mails(unit, list(now_due), office)
        await _settle_others(unit, now_due, prepared, office)
    mails = [(now_due[id_], mail) for id_, mail in prepared.outgoing.items()]
    outcomes = await asyncio.gather(*(_hand_over(mail, office) for _, mail in mails))
    if mails:
        async with units.begin() as unit:
            await _note_outcomes(unit, list(zip(mails, outcomes, strict=True)), office)
    if later:
        await send_mails(later, office, units)


async def send_case_mail(due: Due, office: Office, units: UnitsOfWork) -> None:
    """Send one body the link to one case, in the same three steps; the key is the mail's id."""
    async with units.begin() as unit:
        mail = await prepare_link_mail(unit, UUID(due.key), office)
        if not isinstance(mail, LinkMail):
            await _end(unit, due, mail)
            return
    trouble = await _hand_over(mail, office)
    async with units.begin() as unit:
        if isinstance(trouble, MailDelayed):
            again = await note_link_delayed(
                unit, mail.due, trouble.reason, attempt=due.attempt, office=office
            )
            await _end(unit, due, again, error=trouble.reason)
        elif isinstance(trouble, MailRefused):
            await settle(unit, due)
            await note_link_failed(unit, mail.due, trouble.reason)
        else:
            await settle(unit, due)
            await note_link_sent(unit, mail.due)


async def _end(unit: UnitOfWork, due: Due, again: datetime | None, error: str = "") -> None:
    if again is None:
        await settle(unit, due)
    else:
        await postpone(unit, due, again, error=error or "sealing_key_missing")


async def erase_contacts(due: Due, office: Office, units: UnitsOfWork) -> None:
    """Erase what is over, then look again in a while."""
    async with units.begin() as unit:
        more = await erase_contacts_in_time(unit, office)
        pause = timedelta(seconds=1) if more else office.erase_every
        await postpone(unit, due, unit.now + pause)


async def release_receipts(due: Due, office: Office, units: UnitsOfWork) -> None:
    """Let receipts go whose routing takes too long, then look again soon."""
    async with units.begin() as unit:
        await let_late_receipts_go(unit, office)
        await postpone(unit, due, unit.now + LATE_RECEIPTS_EVERY)


TIMERS: Mapping[str, AnyTimerHandler[Office]] = {
    SEND_MAIL: Together(send_mails),
    SEND_CASE_MAIL: send_case_mail,
    RELEASE_RECEIPTS: release_receipts,
    ERASE_CONTACTS: erase_contacts,
    ERASE_AGAIN: erase_when_known,
}


ROUNDS = (RELEASE_RECEIPTS, ERASE_CONTACTS)
"""Timers that come round again and again; the first migration plans them."""


async def plan_missing_rounds(units: UnitsOfWork, _office: Office) -> int:
    """Plan rounds that somebody has deleted; returns how many there were."""
    due = units.tables.due
    async with units.begin() as unit:
        known = await unit.connection.scalars(select(due.c.kind).where(due.c.kind.in_(ROUNDS)))
        missing = set(ROUNDS) - set(known)
        for kind in missing:
            await unit.plan(kind, "round", at=unit.now)
    return len(missing)


async def plan_forgotten_mails(units: UnitsOfWork, office: Office) -> int:
    """Plan mails whose timer is missing; returns how many there were."""
    async with units.begin() as unit:
        before = unit.now - office.receipt_wait - timedelta(minutes=5)
        forgotten = await list_unplanned(unit.connection, before)
        await plan_mails(unit, forgotten)
    return len(forgotten)


async def plan_forgotten_case_mails(units: UnitsOfWork, _office: Office) -> int:
    """The same for mails to bodies."""
    async with units.begin() as unit:
        before = unit.now - timedelta(minutes=5)
        forgotten = await list_unplanned_case_mails(unit.connection, before)
        for mail_id in forgotten:
            await unit.plan(SEND_CASE_MAIL, str(mail_id), at=unit.now)
    return len(forgotten)


RECONCILERS = (
    Reconciler("mails_without_timer", plan_forgotten_mails),
    Reconciler("case_mails_without_timer", plan_forgotten_case_mails),
    Reconciler("rounds_without_timer", plan_missing_rounds),
)


async def _one_a_contact(
    unit: UnitOfWork, dues: Sequence[Due]
) -> tuple[dict[UUID, Due], list[Due]]:
    """The first for each contact by notification; what else is due to the same has to wait."""
    by_id = {UUID(due.key): due for due in dues}
    contacts = await find_contacts_of(unit.connection, list(by_id))
    first: dict[UUID | None, UUID] = {}
    for notification_id in by_id:
        first.setdefault(contacts.get(notification_id, notification_id), notification_id)
    now_due = {id_: by_id[id_] for id_ in first.values()}
    return now_due, [due for id_, due in by_id.items() if id_ not in now_due]


async def _settle_others(
    unit: UnitOfWork, dues: Mapping[UUID, Due], prepared: Prepared, office: Office
) -> None:
    """End the timers of what does not leave now."""
    done = []
    for id_, due in dues.items():
        if id_ in prepared.again:
            await postpone(unit, due, prepared.again[id_])
        elif id_ in prepared.keyless:
            await _try_later(unit, due, prepared.keyless[id_], "sealing_key_missing", office)
        elif id_ not in prepared.outgoing:
            done.append(due)
    if done:
        await settle_together(unit, done)


async def _hand_over(
    outgoing: Outgoing | LinkMail, office: Office
) -> MailDelayed | MailRefused | None:
    """Give one mail to the server; None when it was taken."""
    try:
        await office.server.send(
            office.writer.postmark.mail_from, outgoing.recipient, outgoing.mail
        )
    except (MailDelayed, MailRefused) as trouble:
        return trouble
    crash_point("after_smtp")
    return None


async def _note_outcomes(
    unit: UnitOfWork,
    outcomes: Sequence[tuple[tuple[Due, Outgoing], MailDelayed | MailRefused | None]],
    office: Office,
) -> None:
    over = []
    for (due, outgoing), trouble in outcomes:
        if isinstance(trouble, MailDelayed):
            await _try_later(unit, due, outgoing.notification, trouble.reason, office)
        else:
            over.append(due)
    settled = {due.id for due in await settle_together(unit, over)} if over else set()
    sent = []
    for (due, outgoing), trouble in outcomes:
        if due.id in settled and isinstance(trouble, MailRefused):
            await note_failed(unit, outgoing.notification, trouble.reason)
        elif due.id in settled:
            sent.append(outgoing.notification)
    await note_sent(unit, sent, office)


async def _try_later(
    unit: UnitOfWork, due: Due, notification: Notification, reason: str, office: Office
) -> None:
    again = await note_delayed(unit, notification, reason, attempt=due.attempt, office=office)
    if again is None:
        await settle(unit, due)
    else:
        await postpone(unit, due, again, error=reason)
