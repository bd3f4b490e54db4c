"""The mail with the link to a case: once, to the body, with nothing of the reporter."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from melder_common.event_values import BodyRef, CategoryRef
from melder_common.events import (
    CaseLinkIssued,
    NotificationFailed,
    NotificationSent,
    ReportErased,
)
from melder_notify.use_cases.retire_sealing_key import retire_sealing_key

pytestmark = pytest.mark.integration

OFFICE = BodyRef(slug="sba", name="Straßenbauamt Stralsund")
KREIS = BodyRef(slug="kreis", name="Landkreis Rostock")
MAILBOX = "kanarienvogel@sba.example"
URL = "https://melder.example/fall/AAAA.KANARIENVOGEL"


def issued(town: Any, **changes: Any) -> CaseLinkIssued:
    letter = {"email": MAILBOX, "url": URL, "lat": 54.0887, "long": 12.1405, "address": "Ring 1"}
    letter |= changes.pop("letter", {})
    mail_id = uuid4()
    values = {
        "case_id": uuid4(),
        "report_id": uuid4(),
        "number": "K7M4Q2XA",
        "mail_id": mail_id,
        "first_mail_id": mail_id,
        "occasion": "new",
        "body": OFFICE,
        "responsible": OFFICE,
        "category": CategoryRef(slug="pothole", name={"de": "Schlagloch", "en": "Pothole"}),
        "municipality": "Broderstorf",
        "due_at": town.now + timedelta(days=10),
        "ask": KREIS,
        "ask_contact": {"de": "Telefon 03843 755-0"},
        "letter": town.sealing.seal(json.dumps(letter).encode(), town.now),
        "issued_at": town.now,
    }
    return CaseLinkIssued.model_validate(values | changes)


async def test_the_body_gets_one_mail_with_the_link(town: Any) -> None:
    event = issued(town)
    heard = await town.hear(event)
    await town.hear(event, again=heard)
    await town.pass_time(seconds=1)
    await town.hear(event, again=heard)
    await town.pass_time(minutes=10)
    (mail,) = town.sink.received
    assert mail["To"] == MAILBOX
    assert mail["Subject"] == "Neuer Fall: Schlagloch in Broderstorf (K7M4Q2XA)"
    assert mail["Message-ID"] == f"<{event.mail_id}@melder.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] is None, "nobody subscribed to its own duty"
    text = town.plain(mail)
    for said in ("Straßenbauamt Stralsund", "K7M4Q2XA", "Schlagloch", "Broderstorf", "Ring 1"):
        assert said in text
    for said in ("54,08870° N, 12,14050° O", "3. Dezember 2026", URL, "Telefon 03843 755-0"):
        assert said in text
    (sent,) = [one.event for one in await town.spoken()]
    assert sent == NotificationSent(
        notification_id=event.mail_id,
        report_id=event.report_id,
        kind="case_link",
        channel="email",
        sent_at=sent.sent_at,
    )


async def test_mailbox_and_link_are_forgotten_when_the_mail_has_left(town: Any) -> None:
    await town.hear(issued(town))
    (row,) = await town.rows("SELECT case_mail::text AS all, box FROM notify.case_mail")
    assert row.box is not None
    assert "kanarienvogel" not in row.all.lower()
    await town.pass_time(seconds=1)
    (row,) = await town.rows("SELECT state, box, key_id FROM notify.case_mail")
    assert tuple(row) == ("sent", None, None)
    for one in await town.spoken():
        assert "kanarienvogel" not in one.event.model_dump_json().lower()


async def test_a_place_that_is_nobody_elses_business_is_not_in_the_mail(town: Any) -> None:
    hidden = {"lat": None, "long": None, "address": None}
    await town.hear(issued(town, letter=hidden, hazard=True))
    await town.pass_time(seconds=1)
    (mail,) = town.sink.received
    assert mail["Subject"].startswith("Gefahr: Neuer Fall")
    assert "steht nur auf der Seite" in town.plain(mail)


async def test_a_reminder_stands_in_the_thread_of_the_first_mail(town: Any) -> None:
    first = issued(town)
    await town.hear(first)
    await town.pass_time(days=3)
    await town.hear(issued(town, occasion="reminder", first_mail_id=first.mail_id, language="en"))
    await town.pass_time(seconds=1)
    _, mail = town.sink.received
    assert mail["Subject"] == "Reminder: Pothole in Broderstorf (K7M4Q2XA)"
    assert mail["In-Reply-To"] == f"<{first.mail_id}@melder.example>"


async def test_what_was_overtaken_before_it_left_does_not_leave(town: Any) -> None:
    first = issued(town)
    await town.hear(first)
    await town.hear(issued(town, occasion="again", first_mail_id=first.mail_id))
    await town.pass_time(seconds=1)
    (mail,) = town.sink.received
    assert mail["Subject"].startswith("Fall für Sie")


async def test_a_mailbox_that_is_none_is_said_to_the_desk(town: Any) -> None:
    event = issued(town, letter={"email": "a@b.example, c@d.example"})
    await town.hear(event)
    await town.pass_time(seconds=1)
    assert town.sink.received == []
    (failed,) = [one.event for one in await town.spoken()]
    assert failed == NotificationFailed(
        notification_id=event.mail_id,
        report_id=event.report_id,
        kind="case_link",
        channel="email",
        reason="unusable_address",
    )


async def test_an_erased_report_sends_nothing_more(town: Any) -> None:
    event = issued(town)
    await town.hear(event)
    await town.hear(ReportErased(report_id=event.report_id, cause="retention"))
    await town.pass_time(seconds=1)
    assert town.sink.received == []
    (row,) = await town.rows("SELECT state, box FROM notify.case_mail")
    assert tuple(row) == ("dropped", None)


async def test_a_key_stays_while_a_mail_waits_for_it(town: Any) -> None:
    await town.hear(issued(town))
    town.now += timedelta(days=60)
    async with town.units.begin() as unit:
        known = ["2026-11", "2026-12"]
        why = await retire_sealing_key(unit, "2026-11", known, town.office.vault)
    assert why is not None
    assert "1 mails to bodies" in why


async def test_a_refused_mail_is_said_to_the_desk(town: Any) -> None:
    town.sink.answer = lambda _mail: "550 no such mailbox"
    event = issued(town)
    await town.hear(event)
    await town.pass_time(seconds=1)
    (failed,) = [one.event for one in await town.spoken()]
    assert isinstance(failed, NotificationFailed)
    assert failed.notification_id == event.mail_id


async def test_a_busy_server_gets_the_same_mail_later(town: Any) -> None:
    tried: list[str] = []
    town.sink.answer = lambda mail: (tried.append(mail["Message-ID"]), "451 later")[1]
    await town.hear(issued(town))
    await town.pass_time(seconds=1)
    town.sink.answer = lambda _mail: "250 OK"
    await town.pass_time(minutes=2)
    (mail,) = town.sink.received
    assert tried == [mail["Message-ID"]]


async def test_of_two_mails_heard_at_once_the_latest_leaves(town: Any) -> None:
    first = issued(town)
    again = issued(
        town,
        report_id=first.report_id,
        first_mail_id=first.mail_id,
        occasion="again",
        letter={"url": f"{URL}-renewed"},
    )
    await town.hear_together(first, again)
    await town.pass_time(minutes=10)
    (mail,) = town.sink.received
    assert mail["Message-ID"] == f"<{again.mail_id}@melder.example>"
    assert f"{URL}-renewed" in town.plain(mail)
