"""A case for a body with a link: one mail, once, sealed; reminders; what goes wrong."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from melder_common import events
from melder_common.event_values import BodyRef, PublicationPolicy
from melder_routing.timers import find_stuck_links

pytestmark = pytest.mark.integration

NORD = BodyRef(slug="nord", name="Stadt Nord")
MONDAY = datetime(2040, 1, 9, 9, 0, tzinfo=UTC)
"""Later than the database's clock, by which the triggers plan."""


async def test_a_new_case_sends_one_sealed_mail(linked: Any) -> None:
    await linked.declare()
    sued = linked.world.sued
    routed = await linked.world.open_case(body=sued, responsible=sued)
    await linked.work()
    await linked.work()
    (issued,) = await linked.issued()
    assert (issued.occasion, issued.body.name, issued.number) == (
        "new",
        "Gemeinde Süd",
        routed.report.number,
    )
    letter = await linked.letter()
    assert letter["email"] == "kanarienvogel@sued.example"
    assert letter["url"].startswith("https://melden.example/fall/")
    assert (letter["lat"], letter["address"]) == (54.1, "Lange Straße 1")
    assert (await linked.world.row(routed.report.number)).state == "received"
    await linked.deliver()
    assert (await linked.world.row(routed.report.number)).state == "forwarded"
    changed = (await linked.world.said(events.CaseStatusChanged))[-1]
    assert changed.message == "Ihre Meldung liegt jetzt bei: Gemeinde Süd."


async def test_neither_mailbox_nor_link_is_anywhere_in_the_clear(linked: Any) -> None:
    """But where the region file put the mailbox, which the desk cannot read."""
    await linked.declare()
    await linked.lie_there()
    secrets = ["kanarienvogel", (await linked.path()).rpartition(".")[2]]
    async with linked.world.worker.engine.connect() as connection:
        tables = await connection.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'routing'")
        )
        for table in set(tables) - {"link_receiver", "alembic_version"}:
            rows = await connection.execute(text(f'SELECT t::text FROM routing."{table}" AS t'))
            for row in rows:
                assert not [one for one in secrets if one in row[0]], table
    for event in await linked.world.events():
        assert not [one for one in secrets if one in event.model_dump_json()]
    async with linked.world.desk_engine.connect() as connection:
        with pytest.raises(Exception, match="permission denied"):
            await connection.execute(text("SELECT email FROM routing.link_receiver"))


async def test_a_place_that_is_never_public_is_not_in_the_mail(linked: Any) -> None:
    await linked.declare()
    await linked.lie_there(policy=PublicationPolicy(place="never"))
    letter = await linked.letter()
    assert (letter["lat"], letter["long"], letter["address"]) == (None, None, None)


async def test_nothing_is_noted_for_other_bodies(linked: Any) -> None:
    await linked.declare()
    await linked.world.open_case(body=NORD, responsible=NORD)
    await linked.work()
    assert await linked.issued() == []


async def test_by_hand_waits_for_a_clerk(linked: Any, bert: Any) -> None:
    await linked.declare(send="by_hand")
    sued = linked.world.sued
    number = (await linked.world.open_case(body=sued, responsible=sued)).report.number
    await linked.work()
    assert await linked.issued() == []
    page = await bert.see(number)
    assert "Wartet auf Ihren Auftrag" in page
    assert "Jetzt senden" in page
    await bert.do(number, "send-outside")
    await linked.work()
    assert len(await linked.issued()) == 1


async def test_after_review_waits_for_the_text(linked: Any, bert: Any) -> None:
    await linked.declare(send="after_review")
    sued = linked.world.sued
    number = (await linked.world.open_case(body=sued, responsible=sued)).report.number
    await linked.work()
    assert await linked.issued() == []
    await bert.do(number, "text", text="Die Lampe ist dunkel.")
    await linked.work()
    assert len(await linked.issued()) == 1


async def test_reminders_while_nobody_answers_then_a_clerk_hears(linked: Any, bert: Any) -> None:
    await linked.declare()
    linked.at(MONDAY)
    number = await linked.lie_there(submitted_at=MONDAY)
    for nth, day in enumerate((2, 3, 8, 13), start=0):
        linked.at(MONDAY + timedelta(days=day, minutes=1))
        await linked.work()
        if nth in {1, 2}:
            await linked.deliver()
    assert [one.occasion for one in await linked.issued()] == ["new", "reminder", "reminder"]
    letters = [await linked.letter(nth) for nth in range(3)]
    assert len({letter["url"] for letter in letters}) == 1, "a repeated mail, the same link"
    assert len({one.mail_id for one in await linked.issued()}) == 3
    linked.world.clock.fixed = None  # the clerk signed in today
    page = await bert.see(number)
    assert "Antwortet nicht" in page
    assert (await linked.world.row(number)).unread == 1
    await linked.work()
    assert len(await linked.issued()) == 3


async def test_an_answer_ends_the_reminders(linked: Any) -> None:
    await linked.declare()
    linked.at(MONDAY)
    await linked.lie_there(submitted_at=MONDAY)
    await linked.answer(await linked.path(), "accept")
    linked.at(MONDAY + timedelta(days=30))
    await linked.work()
    assert len(await linked.issued()) == 1


async def test_a_mail_that_cannot_be_delivered_is_shown_and_sent_again(
    linked: Any, bert: Any
) -> None:
    await linked.declare()
    sued = linked.world.sued
    number = (await linked.world.open_case(body=sued, responsible=sued)).report.number
    await linked.work()
    await linked.bounce()
    page = await bert.see(number)
    assert "Die E-Mail an Gemeinde Süd kommt nicht an." in page
    assert (await linked.world.row(number)).unread == 1
    assert (await linked.world.row(number)).state == "received"
    assert await find_stuck_links(linked.world.worker, linked.timers) == 1
    first = await linked.path()
    await bert.do(number, "send-outside")
    assert await find_stuck_links(linked.world.worker, linked.timers) == 0
    await linked.work()
    assert await linked.path() != first, "a renewed link is another one"
    await linked.deliver()
    assert (await linked.row()).state == "sent"


async def test_a_late_word_on_an_older_mail_says_nothing(linked: Any, bert: Any) -> None:
    await linked.declare()
    number = await linked.lie_there()
    await bert.do(number, "send-outside")
    await linked.work()
    await linked.deliver(0)
    assert (await linked.row()).state == "issued"


async def test_a_case_that_moves_comes_and_leaves_by_itself(linked: Any) -> None:
    """The database notes it, whatever moved the case."""
    await linked.declare()
    number = (await linked.world.open_case(body=NORD, responsible=NORD)).report.number
    move = text('UPDATE routing."case" SET working = :to WHERE number = :number')
    for target in ("sued", "nord", "sued"):
        async with linked.world.worker.begin() as unit:
            await unit.connection.execute(move, {"to": target, "number": number})
        await linked.work()
    assert [one.occasion for one in await linked.issued()] == ["new", "again"]
    assert await linked.path(0) != await linked.path(1)
    row = await linked.row()
    assert (row.arrivals, row.generation) == (2, 2)


async def test_a_reopened_case_is_told(linked: Any, bert: Any) -> None:
    await linked.declare()
    number = await linked.lie_there()
    await linked.answer(await linked.path(), "done")
    await linked.work()
    assert (await linked.world.row(number)).state == "resolved"
    await bert.do(number, "status", target="accepted")
    await linked.work()
    assert [one.occasion for one in await linked.issued()] == ["new", "reopened"]
    await linked.deliver()
    assert (await linked.world.row(number)).state == "forwarded"


async def test_a_body_that_changes_the_way_gets_no_mail_any_more(linked: Any, bert: Any) -> None:
    await linked.declare()
    number = await linked.lie_there()
    path = await linked.path()
    await linked.remove()
    gone = await linked.world.client().get(path)
    assert gone.status_code == 410
    sued = linked.world.sued
    await linked.world.open_case(body=sued, responsible=sued)
    await linked.work()
    assert len(await linked.issued()) == 1
    answer = await bert.send(number, "send-outside")
    assert answer.status_code == 422
