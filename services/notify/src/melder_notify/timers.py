"""What falls due at notify: mails to send, contacts to erase."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import select

from melder_common.crash_points import crash_point
from melder_common.reconcile import Reconciler
from melder_common.sealing import EnvelopeUnreadable
from melder_common.timers import Due, TimerHandler, postpone, settle
from melder_common.unit_of_work import UnitOfWork, UnitsOfWork
from melder_notify.domain.news import Notification
from melder_notify.domain.sending import Wait
from melder_notify.store.mail_server import MailDelayed, MailRefused
from melder_notify.store.notifications import (
    SEND_MAIL,
    find_notification,
    list_unplanned,
)
from melder_notify.use_cases.announce import plan_mails
from melder_notify.use_cases.erase_again import ERASE_AGAIN, erase_when_known
from melder_notify.use_cases.erase_contacts import erase_contacts_in_time
from melder_notify.use_cases.note_mail_outcome import note_delayed, note_failed, note_sent
from melder_notify.use_cases.note_routing import let_late_receipts_go
from melder_notify.use_cases.office import Office
from melder_notify.use_cases.prepare_mail import Outgoing, prepare_mail

ERASE_CONTACTS = "erase_contacts"
RELEASE_RECEIPTS = "release_receipts"
LATE_RECEIPTS_EVERY = timedelta(seconds=20)

_log = structlog.get_logger("melder.notify.timers")


async def send_mail(due: Due, office: Office, units: UnitsOfWork) -> None:
    """Prepare, send, note the outcome: three steps, and no unit open while SMTP is spoken.

    A crash between the server's 250 and the commit means one more mail with the same Message-ID.
    """
    outgoing = await _prepare(due, office, units)
    if outgoing is None:
        return
    delayed = refused = None
    try:
        await office.server.send(
            office.writer.postmark.mail_from, outgoing.recipient, outgoing.mail
        )
    except MailDelayed as error:
        delayed = error.reason
    except MailRefused as error:
        refused = error.reason
    else:
        crash_point("after_smtp")
    async with units.begin() as unit:
        if delayed:
            await _try_later(unit, due, outgoing.notification, delayed, office)
            return
        if refused:
            await note_failed(unit, outgoing.notification, refused)
        else:
            await note_sent(unit, outgoing.notification, office)
        await settle(unit, due)


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


TIMERS: Mapping[str, TimerHandler[Office]] = {
    SEND_MAIL: send_mail,
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


RECONCILERS = (
    Reconciler("mails_without_timer", plan_forgotten_mails),
    Reconciler("rounds_without_timer", plan_missing_rounds),
)


async def _prepare(due: Due, office: Office, units: UnitsOfWork) -> Outgoing | None:
    notification_id = UUID(due.key)
    try:
        async with units.begin() as unit:
            prepared = await prepare_mail(unit, notification_id, office)
            if isinstance(prepared, Outgoing):
                return prepared
            if isinstance(prepared, Wait):
                await postpone(unit, due, prepared.until)
            else:
                await settle(unit, due)
    except EnvelopeUnreadable as error:
        _log.warning("contact cannot be opened", notification_id=str(notification_id), why=error)
        async with units.begin() as unit:
            notification = await find_notification(unit.connection, notification_id)
            if notification:
                await _try_later(unit, due, notification, "sealing_key_missing", office)
    return None


async def _try_later(
    unit: UnitOfWork, due: Due, notification: Notification, reason: str, office: Office
) -> None:
    again = await note_delayed(unit, notification, reason, attempt=due.attempt, office=office)
    if again is None:
        await settle(unit, due)
    else:
        await postpone(unit, due, again, error=reason)
