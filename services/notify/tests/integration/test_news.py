"""Questions, status and closing mails: to whom, when, and in which mail."""

from typing import Any
from uuid import uuid4

import pytest

from melder_common.event_values import BodyRef
from melder_common.events import CaseHandedOver, CaseMerged

pytestmark = pytest.mark.integration


async def test_a_question_goes_to_a_confirmed_address_and_into_the_thread(town: Any) -> None:
    report_id = await town.submit_and_confirm()
    await town.hear(town.posted(report_id, "Vor Haus 5 oder 7?"))
    await town.pass_time(seconds=1)
    (mail,) = town.sink.received
    assert mail["Subject"] == "Rückfrage zu Ihrer Meldung K7M4Q2XA"
    assert "> Vor Haus 5 oder 7?" in town.plain(mail)
    receipt = await town.row("SELECT receipt_id FROM notify.contact")
    assert mail["References"] == mail["In-Reply-To"] == f"<{receipt.receipt_id}@melder.example>"


async def test_an_unconfirmed_address_is_asked_only_after_its_confirmation(town: Any) -> None:
    report_id = await town.submit()
    await town.hear(town.routed(report_id))
    await town.hear(town.posted(report_id, "Vor Haus 5?"))
    await town.pass_time(seconds=1)
    assert [mail["Subject"] for mail in town.sink.received] == [
        "Ihre Meldung K7M4Q2XA ist angekommen"
    ]
    assert await town.states() == [("receipt", "sent"), ("question", "held")]

    await town.confirm(report_id)
    await town.pass_time(seconds=1)
    assert "> Vor Haus 5?" in town.plain(town.sink.received[1])


async def test_changes_within_an_hour_leave_in_one_mail(town: Any) -> None:
    report_id = await town.submit_and_confirm()
    await town.hear(town.changed(report_id, "accepted"))
    await town.pass_time(seconds=1)
    assert len(town.sink.received) == 1

    await town.hear(town.changed(report_id, "planned", previous="accepted"))
    await town.pass_time(minutes=20)
    await town.hear(town.changed(report_id, "in_progress", previous="planned"))
    await town.hear(town.posted(report_id, "Wir sind da.", "note"))
    await town.pass_time(minutes=20)
    assert len(town.sink.received) == 1

    await town.pass_time(minutes=21)
    assert len(town.sink.received) == 2
    text = town.plain(town.sink.received[1])
    assert text.index("eingeplant") < text.index("arbeitet daran") < text.index("> Wir sind da.")
    assert "angenommen" not in text
    assert sorted(await town.states()) == [
        ("receipt", "sent"),
        ("status", "folded"),
        ("status", "folded"),
        ("status", "sent"),
        ("status", "sent"),
    ]
    await town.pass_time(hours=3)
    assert len(town.sink.received) == 2


async def test_a_closing_leaves_at_once_and_takes_waiting_news_along(town: Any) -> None:
    report_id = await town.submit_and_confirm()
    await town.hear(town.changed(report_id, "accepted"))
    await town.pass_time(seconds=1)
    await town.hear(town.changed(report_id, "planned", previous="accepted"))
    await town.pass_time(minutes=1)
    await town.hear(
        town.changed(report_id, "resolved", previous="planned", message="Das Loch ist gefüllt.")
    )
    await town.pass_time(seconds=1)
    assert len(town.sink.received) == 2
    text = town.plain(town.sink.received[1])
    assert town.sink.received[1]["Subject"] == "Ihre Meldung K7M4Q2XA ist erledigt"
    assert "> Das Loch ist gefüllt." in text
    assert "Ist es wirklich behoben?\nhttps://melder.example/m/K7M4Q2XA/secret" in text
    assert "Was vorher geschah:" in text
    assert "eingeplant" in text


async def test_a_status_does_not_delay_a_question(town: Any) -> None:
    report_id = await town.submit_and_confirm()
    await town.hear(town.changed(report_id, "accepted"))
    await town.pass_time(seconds=1)
    await town.hear(town.posted(report_id, "Wo genau?"))
    await town.pass_time(seconds=1)
    assert len(town.sink.received) == 2


async def test_hearing_the_same_event_again_records_nothing_more(town: Any) -> None:
    report_id = await town.submit_and_confirm()
    event = town.changed(report_id, "planned")
    heard = await town.hear(event)
    await town.hear(event, again=heard)
    await town.pass_time(hours=3)
    assert len(town.sink.received) == 1
    assert await town.states() == [("receipt", "sent"), ("status", "sent")]


async def test_internal_steps_are_no_news(town: Any) -> None:
    report_id = await town.submit_and_confirm()
    await town.hear(
        town.changed(report_id, "waiting_for_reporter", previous="accepted"),
        town.changed(report_id, "accepted", previous="waiting_for_reporter"),
    )
    await town.pass_time(hours=2)
    assert town.sink.received == []


async def test_reopening_is_news_and_keeps_the_contact(town: Any) -> None:
    report_id = await town.submit_and_confirm()
    await town.hear(town.changed(report_id, "resolved"))
    await town.pass_time(days=10)
    await town.hear(town.changed(report_id, "accepted", previous="resolved"))
    await town.pass_time(seconds=1)
    assert "hat Ihre Meldung wieder geöffnet" in town.plain(town.sink.received[1])
    await town.pass_time(days=100)
    row = await town.row("SELECT state FROM notify.contact")
    assert row.state == "confirmed"


async def test_a_hand_over_is_told_once_on_acceptance(town: Any) -> None:
    report_id = await town.submit_and_confirm()
    other = BodyRef(slug="rostock", name="Hanse- und Universitätsstadt Rostock")

    def step(name: str) -> CaseHandedOver:
        return CaseHandedOver(
            case_id=uuid4(),
            report_id=report_id,
            step=name,
            sender=BodyRef(slug="amt-carbaek", name="Amt Carbäk"),
            receiver=other,
            reason="Grenze",
            changed_at=town.now,
        )

    await town.hear(step("proposed"))
    await town.pass_time(minutes=1)
    assert town.sink.received == []
    await town.hear(step("accepted"))
    await town.hear(town.routed(report_id, other))
    await town.pass_time(hours=5)
    (mail,) = town.sink.received
    assert "Für Ihre Meldung ist jetzt zuständig: Hanse- und Universitätsstadt" in town.plain(mail)
    assert mail["From"].startswith("Hanse- und Universitätsstadt Rostock <")


async def test_a_merged_report_follows_the_leading_one(town: Any) -> None:
    leading = await town.submit_and_confirm(number="AAAAAAAA")
    merged = await town.submit_and_confirm(number="BBBBBBBB")
    await town.hear(
        CaseMerged(case_id=uuid4(), report_id=merged, into_case_id=uuid4(), into_report_id=leading),
        town.changed(merged, "duplicate"),
    )
    await town.pass_time(seconds=1)
    (mail,) = town.sink.received
    assert mail["Subject"] == "Ihre Meldung BBBBBBBB war schon bekannt"

    await town.hear(town.posted(leading, "Nur für die erste."))
    await town.hear(town.changed(leading, "resolved", message="Fertig."))
    await town.pass_time(seconds=1)
    subjects = sorted(mail["Subject"] for mail in town.sink.received[1:])
    assert subjects == [
        "Ihre Meldung AAAAAAAA ist erledigt",
        "Ihre Meldung BBBBBBBB ist erledigt",
        "Rückfrage zu Ihrer Meldung AAAAAAAA",
    ]
