"""The one receipt of a report, and what it must not tell."""

from typing import Any

import pytest

pytestmark = pytest.mark.integration


async def test_the_receipt_leaves_when_the_case_is_routed(town: Any) -> None:
    report_id = await town.submit()
    await town.pass_time(seconds=30)
    assert town.sink.received == []

    await town.hear(town.routed(report_id))
    await town.pass_time(seconds=1)

    (mail,) = town.sink.received
    assert mail["To"] == "kanarienvogel@reporter.example"
    assert mail["Subject"] == "Ihre Meldung K7M4Q2XA ist angekommen"
    text = town.plain(mail)
    for said in ("Amt Carbäk", "weil Straßen seine Aufgabe sind", "etwa 5 Tage", "Schlagloch"):
        assert said in text
    assert "https://melder.example/m/K7M4Q2XA/secret" in text
    assert "https://melder.example/me/confirm/" in text
    assert "https://melder.example/me/not-me/" in text


async def test_the_receipt_holds_nothing_the_reporter_wrote(town: Any) -> None:
    report_id = await town.submit()
    await town.hear(town.routed(report_id))
    await town.pass_time(seconds=1)
    (mail,) = town.sink.received
    del mail["To"]
    assert "kanarienvogel" not in mail.as_string().lower()
    assert "spam.example" not in mail.as_string()
    for part in mail.walk():
        if not part.is_multipart():
            assert "KANARIENVOGEL" not in part.get_content()


async def test_there_is_one_receipt_whatever_is_heard_how_often(town: Any) -> None:
    report_id = await town.submit()
    for _ in range(3):
        await town.hear(town.routed(report_id))
        await town.pass_time(seconds=5)
    await town.pass_time(minutes=30)
    assert len(town.sink.received) == 1
    assert await town.states() == [("receipt", "sent")]


async def test_after_ten_minutes_the_receipt_leaves_without_a_decision(town: Any) -> None:
    report_id = await town.submit()
    await town.pass_time(minutes=9.5)
    assert town.sink.received == []
    await town.pass_time(minutes=0.6)
    (mail,) = town.sink.received
    assert "Wir klären gerade, wer zuständig ist" in town.plain(mail)

    await town.hear(town.routed(report_id))
    await town.pass_time(hours=2)
    assert len(town.sink.received) == 1, "an unconfirmed address gets one mail, whatever follows"


async def test_a_decision_after_the_receipt_is_news_for_a_confirmed_address(town: Any) -> None:
    report_id = await town.submit()
    await town.pass_time(minutes=11)
    await town.hear(town.routed(report_id))
    await town.pass_time(seconds=1)
    await town.confirm(report_id)
    await town.pass_time(seconds=1)
    assert "Für Ihre Meldung ist jetzt zuständig: Amt Carbäk." in town.plain(town.sink.received[1])


async def test_without_an_address_there_is_no_notification(town: Any) -> None:
    for contact in ({"email": None}, {"email": None, "phone": "0381 123"}):
        report_id = await town.submit(**contact)
        await town.hear(town.routed(report_id))
        await town.hear(town.changed(report_id, "resolved"))
    await town.pass_time(minutes=20)
    assert town.sink.received == []
    assert await town.states() == []


async def test_english_reporters_get_english_mails(town: Any) -> None:
    report_id = await town.submit(language="en")
    await town.hear(town.routed(report_id))
    await town.pass_time(seconds=1)
    assert town.sink.received[0]["Subject"] == "We received your report K7M4Q2XA"
    assert town.sink.received[0]["Content-Language"] == "en"


async def test_the_mail_log_hears_of_the_mail_but_not_of_the_address(town: Any) -> None:
    report_id = await town.submit()
    await town.hear(town.routed(report_id))
    await town.pass_time(seconds=1)
    (said,) = await town.spoken()
    assert (said.event.NAME, said.report_id) == ("notification.sent.v1", report_id)
    assert (said.event.kind, said.event.channel) == ("receipt", "email")
    (row,) = await town.rows("SELECT envelope FROM notify.outbox")
    assert b"kanarienvogel" not in row.envelope.lower()


async def test_the_mail_id_is_the_rows(town: Any) -> None:
    report_id = await town.submit()
    await town.hear(town.routed(report_id))
    await town.pass_time(seconds=1)
    row = await town.row("SELECT notification_id FROM notify.notification")
    assert town.sink.received[0]["Message-ID"] == f"<{row.notification_id}@melder.example>"


async def test_catalogue_names_are_used(town: Any) -> None:
    from melder_common.event_values import BodyRef, CategoryRef, PublicationPolicy
    from melder_common.events import (
        CatalogueBodyDescribed,
        CatalogueCategoryDescribed,
        CataloguePublished,
    )

    await town.hear(
        CatalogueBodyDescribed(
            body=BodyRef(slug="amt-carbaek", name="Amt Carbäk (neu)"),
            kind="verband",
            participation="desk",
        ),
        CatalogueCategoryDescribed(
            category=CategoryRef(slug="road-pothole", name={"de": "Loch", "en": "Hole"}),
            description={"de": ""},
            policy=PublicationPolicy(),
        ),
        CataloguePublished(
            version=1,
            region="rostock",
            name="Mängelmelder Rostock",
            jurisdiction_id="melder.example",
            bodies=1,
            categories=1,
            digest="0",
        ),
    )
    waiting = await town.submit(number="AAAAAAAA")
    routed = await town.submit(number="BBBBBBBB")
    await town.hear(town.routed(routed))
    await town.pass_time(minutes=11)
    texts = {town.plain(mail).split("Nummer: ")[1][:8]: mail for mail in town.sink.received}
    assert "Amt Carbäk (neu)" in town.plain(texts["BBBBBBBB"])
    assert "Thema: Loch" in town.plain(texts["AAAAAAAA"])
    assert "Mängelmelder Rostock" in texts["AAAAAAAA"]["From"]
    assert waiting != routed
