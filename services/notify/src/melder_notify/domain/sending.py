"""When a notification leaves, in whose mail, and when it is given up."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from melder_notify.domain.contacts import Contact, ContactState
from melder_notify.domain.news import MailKind, Notification, NotificationState


@dataclass(frozen=True, slots=True)
class Send:
    """Write the mail now; ``folded`` are other notifications that leave inside it."""

    folded: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again at ``until``."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep it until the address is confirmed."""


@dataclass(frozen=True, slots=True)
class Drop:
    """It will never leave; ``reason`` is a code."""

    reason: str


@dataclass(frozen=True, slots=True)
class Done:
    """It has left already, alone or inside another mail, or was given up."""


Decision = Send | Wait | Hold | Drop | Done


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often status mails may leave for one report, and at which hours of the day not.

    ``quiet_from`` and ``quiet_until`` are local times; equal or missing means no quiet hours.
    """

    status_pause: timedelta = timedelta(hours=1)
    quiet_from: time | None = None
    quiet_until: time | None = None
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Berlin"))

    def next_status_time(self, last: datetime | None, now: datetime) -> datetime:
        """The earliest moment at which the next status mail may leave, at or after ``now``."""
        earliest = max(now, last + self.status_pause) if last else now
        return self._after_quiet_hours(earliest)

    def _after_quiet_hours(self, moment: datetime) -> datetime:
        start, end = self.quiet_from, self.quiet_until
        if start is None or end is None or start == end:
            return moment
        local = moment.astimezone(self.zone)
        clock = local.time()
        quiet = start <= clock < end if start < end else clock >= start or clock < end
        if not quiet:
            return moment
        day = local.date() + timedelta(days=1 if clock >= end else 0)
        ends = datetime.combine(day, end, self.zone)
        # In the night in which the clocks go back an hour comes twice: quiet until its second end.
        return max(one.astimezone(moment.tzinfo) for one in (ends, ends.replace(fold=1)))


IN_FLIGHT_PAUSE = timedelta(minutes=2)
"""How long a status mail waits for another one of its report that is just being sent."""


def decide(
    this: Notification,
    others: Sequence[Notification],
    contact: Contact,
    *,
    now: datetime,
    rhythm: Rhythm,
) -> Decision:
    """What to do with ``this``; ``others`` are the contact's other waiting notifications.

    Status news waits an hour after the last status mail, and leaves earlier inside a question or
    a closing mail. What is being sent stays as it is, also when it is tried again.
    """
    left = this.state not in {NotificationState.QUEUED, NotificationState.SENDING}
    if left or this.mail_id not in {None, this.notification_id}:
        return Done()
    if not contact.mailable:
        return Drop(f"contact_{contact.state}")
    if this.state is NotificationState.SENDING:
        return Send(tuple(o.notification_id for o in others if o.mail_id == this.notification_id))
    if contact.state is ContactState.UNCONFIRMED:
        return Send() if this.kind is MailKind.RECEIPT else Hold()
    return _decide_for_confirmed(this, others, contact, now=now, rhythm=rhythm)


def _decide_for_confirmed(
    this: Notification,
    others: Sequence[Notification],
    contact: Contact,
    *,
    now: datetime,
    rhythm: Rhythm,
) -> Decision:
    if this.kind is MailKind.RECEIPT:
        return Send()
    status = [other for other in others if other.kind is MailKind.STATUS]
    if this.kind is MailKind.STATUS:
        if any(other.state is NotificationState.SENDING for other in status):
            return Wait(now + IN_FLIGHT_PAUSE)
        earliest = rhythm.next_status_time(contact.status_mailed_at, now)
        if earliest > now:
            return Wait(earliest)
    waiting = (other for other in status if other.state is NotificationState.QUEUED)
    return Send(tuple(other.notification_id for other in waiting))


_BACK_OFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
_LONGEST = timedelta(hours=4)


def retry_at(attempt: int, now: datetime) -> datetime:
    """When to try a mail again after ``attempt`` (1, 2, …) temporary failures."""
    pause = _BACK_OFF[attempt - 1] if 1 <= attempt <= len(_BACK_OFF) else _LONGEST
    return now + pause


def given_up(queued_at: datetime, now: datetime, *, patience: timedelta) -> bool:
    """Whether a mail that only ever failed temporarily is to be given up (RFC 5321: 4–5 days)."""
    return now - queued_at >= patience
