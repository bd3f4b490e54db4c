from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from uuid import UUID, uuid4

import pytest

from melder_notify.domain.contacts import Contact, ContactState
from melder_notify.domain.news import MailKind, News, Notification, NotificationState, Topic
from melder_notify.domain.sending import (
    Decision,
    Done,
    Drop,
    Hold,
    Rhythm,
    Send,
    Wait,
    decide,
    given_up,
    retry_at,
)

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
CONTACT_ID, REPORT_ID = uuid4(), uuid4()
HOUR = timedelta(hours=1)


def contact(state: ContactState = ContactState.CONFIRMED, *, mailed: datetime | None = None):
    return Contact(CONTACT_ID, REPORT_ID, state, ("email",), status_mailed_at=mailed)


def notification(
    kind: MailKind,
    state: NotificationState = NotificationState.QUEUED,
    mail_id: UUID | None = None,
):
    news = None if kind is MailKind.RECEIPT else News(Topic.STATE, NOW, state="planned")
    return Notification(uuid4(), CONTACT_ID, REPORT_ID, kind, state, NOW, news, mail_id)


def decided(
    this: Notification, others: Sequence[Notification] = (), who: Contact | None = None
) -> Decision:
    return decide(this, others, who or contact(), now=NOW, rhythm=Rhythm())


def test_an_unconfirmed_address_gets_the_receipt_and_nothing_else() -> None:
    who = contact(ContactState.UNCONFIRMED)
    assert decided(notification(MailKind.RECEIPT), who=who) == Send()
    for kind in (MailKind.QUESTION, MailKind.STATUS, MailKind.CLOSING):
        assert decided(notification(kind), who=who) == Hold()


@pytest.mark.parametrize(
    "state", [ContactState.UNSUBSCRIBED, ContactState.NOT_ME, ContactState.ERASED]
)
@pytest.mark.parametrize("kind", MailKind)
def test_who_wants_no_mail_gets_none(state: ContactState, kind: MailKind) -> None:
    assert decided(notification(kind), who=contact(state)) == Drop(f"contact_{state}")


def test_status_mails_leave_once_an_hour() -> None:
    this = notification(MailKind.STATUS)
    assert decided(this) == Send()
    assert decided(this, who=contact(mailed=NOW - HOUR)) == Send()
    recently = NOW - timedelta(minutes=20)
    assert decided(this, who=contact(mailed=recently)) == Wait(recently + HOUR)


@pytest.mark.parametrize("kind", [MailKind.QUESTION, MailKind.CLOSING])
def test_questions_and_closings_never_wait_and_take_the_status_along(kind: MailKind) -> None:
    waiting = [notification(MailKind.STATUS), notification(MailKind.STATUS)]
    who = contact(mailed=NOW - timedelta(minutes=1))
    assert decided(notification(kind), waiting, who) == Send(
        tuple(one.notification_id for one in waiting)
    )


def test_a_status_mail_takes_other_status_along_but_neither_question_nor_closing() -> None:
    status, question = notification(MailKind.STATUS), notification(MailKind.QUESTION)
    assert decided(notification(MailKind.STATUS), [status, question]) == Send(
        (status.notification_id,)
    )


def test_a_status_waits_while_another_is_on_its_way() -> None:
    other = notification(MailKind.STATUS, NotificationState.SENDING)
    assert isinstance(decided(notification(MailKind.STATUS), [other]), Wait)


def test_trying_again_says_what_was_said_before() -> None:
    this = notification(MailKind.STATUS, NotificationState.SENDING)
    inside = notification(MailKind.STATUS, NotificationState.SENDING, this.notification_id)
    later = notification(MailKind.STATUS)
    just_now = contact(mailed=NOW)
    assert decided(this, [inside, later], just_now) == Send((inside.notification_id,))


def test_what_left_in_another_mail_is_done() -> None:
    assert decided(notification(MailKind.STATUS, NotificationState.SENDING, uuid4())) == Done()
    assert decided(notification(MailKind.STATUS, NotificationState.SENT)) == Done()


@pytest.mark.parametrize(
    ("utc_hour", "expected_hour"),
    [(9, 9), (20, 20), (21, 5), (23, 5), (3, 5), (5, 5)],
)
def test_quiet_hours_are_local(utc_hour: int, expected_hour: int) -> None:
    rhythm = Rhythm(quiet_from=time(22), quiet_until=time(6))
    now = NOW.replace(hour=utc_hour)
    leaves = rhythm.next_status_time(None, now)
    assert (leaves.hour, leaves >= now) == (expected_hour, True)
    assert leaves - now < timedelta(hours=9)


def test_quiet_hours_within_a_day() -> None:
    rhythm = Rhythm(quiet_from=time(12), quiet_until=time(14))
    assert rhythm.next_status_time(None, NOW.replace(hour=11, minute=30)) == NOW.replace(hour=13)


@pytest.mark.parametrize(
    "night", [NOW.replace(month=3, day=28, hour=20), NOW.replace(month=10, day=24, hour=20)]
)
@pytest.mark.parametrize("until", [time(1, 30), time(2), time(2, 30), time(3), time(6)])
def test_quiet_hours_hold_in_the_nights_in_which_the_clocks_change(
    night: datetime, until: time
) -> None:
    """Half past two comes twice in October and never in March."""
    rhythm = Rhythm(quiet_from=time(22), quiet_until=until)
    for minute in range(0, 14 * 60, 5):
        now = night + timedelta(minutes=minute)
        leaves = rhythm.next_status_time(None, now)
        assert now <= leaves <= now + timedelta(hours=10)
        assert rhythm.next_status_time(None, leaves) == leaves


def test_pauses_between_tries_grow_to_hours() -> None:
    pauses = [retry_at(attempt, NOW) - NOW for attempt in range(1, 8)]
    assert pauses == sorted(pauses)
    assert pauses[0] == timedelta(minutes=1)
    assert pauses[-1] == timedelta(hours=4)


def test_patience_ends() -> None:
    patience = timedelta(days=3)
    assert not given_up(NOW - patience + HOUR, NOW, patience=patience)
    assert given_up(NOW - patience, NOW, patience=patience)
