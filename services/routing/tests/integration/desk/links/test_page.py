"""The page behind a link: one case, one body, and every answer by the rules of the workflow."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from melder_common import events
from melder_common.clock import utc_now
from melder_common.event_values import BodyRef
from melder_routing.domain.link_tokens import LinkKey

pytestmark = pytest.mark.integration

NORD = BodyRef(slug="nord", name="Stadt Nord")


async def test_the_page_shows_what_is_released_and_nothing_else(linked: Any, bert: Any) -> None:
    await linked.declare()
    number = await linked.lie_there(photos=1)
    path = await linked.path()
    before = await linked.world.row(number)
    answer = await linked.world.client().get(path)
    assert answer.status_code == 200
    for said in (number, "Lampe dunkel", "Lange Straße 1", "Zuständig ist die Stadt.", "Bitte bis"):
        assert said in answer.text
    assert "Ruf 0381" not in answer.text
    assert "/photos/" not in answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert await linked.world.row(number) == before, "looking changes nothing"
    await bert.do(number, "text", text="Die Lampe ist dunkel.")
    assert "Die Lampe ist dunkel." in (await linked.world.client().get(path)).text
    picture = await linked.world.client().get(f"{path}/karte.svg")
    assert picture.headers["content-type"] == "image/svg+xml"


async def test_the_page_speaks_the_language_of_the_browser(linked: Any) -> None:
    await linked.declare()
    await linked.lie_there()
    path, english = await linked.path(), {"Accept-Language": "en"}
    page = (await linked.world.client().get(path, headers=english)).text
    for said in ('<html lang="en"', "We will take care of it", "Where is it?"):
        assert said in page
    answer = await linked.world.client().post(path, data={"answer": ""}, headers=english)
    assert "Please choose an answer." in answer.text


@pytest.mark.parametrize(
    ("code", "message", "state", "said"),
    [
        ("accept", "", "forwarded", "Gemeinde Süd kümmert sich darum."),
        ("planned", "Am Montag.", "forwarded", "Am Montag."),
        ("working", "", "forwarded", "Gemeinde Süd arbeitet daran."),
        ("done", "", "resolved", "Gemeinde Süd hat den Mangel behoben."),
        ("done", "Neue Lampe.", "resolved", "Neue Lampe."),
        ("not-possible", "Kein Geld.", "not_actionable", "Kein Geld."),
        ("not-ours", "Das ist der Kreis.", "received", "Das ist der Kreis."),
        ("note", "Bauteil bestellt.", "forwarded", "Bauteil bestellt."),
    ],
)
async def test_an_answer_counts_and_is_said_once(
    linked: Any, code: str, message: str, state: str, said: str
) -> None:
    await linked.declare()
    number = await linked.lie_there()
    path = await linked.path()
    form = await linked.form(path)
    for _ in range(2):
        answer = await linked.answer(path, code, message, form=form)
        assert answer.status_code in {303, 410}
    assert (await linked.world.row(number)).state == state
    words = [one.message for one in (await linked.world.said(events.CaseStatusChanged))[1:]]
    words += [one.text for one in await linked.world.said(events.CaseMessagePosted)]
    assert words == [said]
    line = next(one for one in await linked.world.history(number) if one.kind == "heard_outside")
    assert (line.body, line.clerk_id, line.codes["by"]) == ("sued", None, "link")


async def test_who_is_not_responsible_gives_the_case_back(linked: Any, bert: Any) -> None:
    await linked.declare()
    number = await linked.lie_there()
    path = await linked.path()
    await linked.answer(path, "not-ours", "Das ist der Kreis.")
    assert (await linked.world.row(number)).unread == 1
    gone = await linked.world.client().get(path)
    assert gone.status_code == 410
    assert "Danke für Ihre Antwort" in gone.text
    assert number not in gone.text
    page = await bert.see(number)
    assert "Ist nach eigener Auskunft nicht zuständig" in page
    assert "Das ist der Kreis." in page


async def test_words_are_masked_and_held_where_the_region_file_says_so(linked: Any) -> None:
    await linked.declare(their_texts="held")
    number = await linked.lie_there()
    page = await linked.world.client().get(await linked.path())
    assert "liest zuerst" in page.text
    await linked.answer(await linked.path(), "done", "Fragen an 0381 1234567")
    assert await linked.world.said(events.CaseMessagePosted) == []
    changed = (await linked.world.said(events.CaseStatusChanged))[-1]
    assert changed.message == "Gemeinde Süd hat den Mangel behoben."
    kept = await linked.world.scalar("SELECT text FROM routing.case_message WHERE NOT public")
    assert kept.startswith("Fragen an")
    assert "1234567" not in kept
    assert (await linked.world.row(number)).unread == 1


async def test_a_stale_form_is_refused_and_loses_no_typing(linked: Any, bert: Any) -> None:
    await linked.declare()
    number = await linked.lie_there()
    path = await linked.path()
    form = await linked.form(path)
    await bert.do(number, "claim")
    answer = await linked.answer(path, "done", "Neue <b>Lampe</b>.", form=form)
    assert answer.status_code == 409
    assert "inzwischen geändert" in answer.text
    assert "Neue &lt;b&gt;Lampe&lt;/b&gt;." in answer.text
    assert (await linked.world.row(number)).state == "forwarded"
    assert (await linked.answer(path, "done", "Neue Lampe.")).status_code == 303


@pytest.mark.parametrize(
    ("code", "message", "field"),
    [
        ("", "", "Bitte wählen Sie eine Antwort."),
        ("sofort", "", "Bitte wählen Sie eine Antwort."),
        ("not-ours", "", "Bitte schreiben Sie einen Text dazu."),
        ("note", " ", "Bitte schreiben Sie einen Text dazu."),
        ("done", "\x07", "unsichtbare Steuerzeichen"),
        ("done", "x" * 4001, "zu lang"),
    ],
)
async def test_what_cannot_be_meant_is_asked_again(
    linked: Any, code: str, message: str, field: str
) -> None:
    await linked.declare()
    number = await linked.lie_there()
    answer = await linked.answer(await linked.path(), code, message)
    assert answer.status_code == 422
    assert field in answer.text
    assert (await linked.world.row(number)).state == "forwarded"


async def test_an_answer_may_come_before_notify_tells_of_the_mail(linked: Any) -> None:
    await linked.declare()
    sued = linked.world.sued
    number = (await linked.world.open_case(body=sued, responsible=sued)).report.number
    await linked.work()
    assert (await linked.answer(await linked.path(), "done", "Erledigt.")).status_code == 303
    assert (await linked.world.row(number)).state == "resolved"
    await linked.deliver()
    assert (await linked.world.row(number)).state == "resolved"


async def test_word_of_the_mail_makes_no_open_page_stale(linked: Any) -> None:
    await linked.declare()
    sued = linked.world.sued
    number = (await linked.world.open_case(body=sued, responsible=sued)).report.number
    await linked.work()
    path = await linked.path()
    form, other = await linked.form(path), await linked.form(path)
    await linked.deliver()
    assert (await linked.answer(path, "done", "Erledigt.", form=form)).status_code == 303
    assert (await linked.world.row(number)).state == "resolved"
    stale = await linked.answer(path, "working", form=other)
    assert stale.status_code == 409, "what a colleague answered is another matter"


async def test_what_clerks_took_into_their_hands_stays_theirs(linked: Any, bert: Any) -> None:
    await linked.declare()
    number = await linked.lie_there()
    await bert.do(number, "status", target="in_progress")
    path = await linked.path()
    assert "Nur eine Nachricht" in (await linked.world.client().get(path)).text
    assert (await linked.answer(path, "done")).status_code == 422
    assert (await linked.answer(path, "note", "Wir helfen gern.")).status_code == 303
    assert (await linked.world.row(number)).state == "in_progress"


async def test_a_link_opens_its_own_case_and_no_other(linked: Any) -> None:
    await linked.declare()
    numbers = [await linked.lie_there() for _ in range(2)]
    mine, other = [await linked.path(nth) for nth in range(2)]
    crossed = mine.partition(".")[0] + "." + other.partition(".")[2]
    unknown = "/fall/" + LinkKey(b"l" * 32).issue(uuid4(), 1)
    forged = "/fall/" + LinkKey(b"x" * 32).issue(UUID(int=1), 1)
    answers = []
    for path in (crossed, unknown, forged, "/fall/x", mine[:-1], mine + "A", "/fall/%00"):
        answer = await linked.world.client().get(path)
        assert answer.status_code == 404, path
        assert not [number for number in numbers if number in answer.text]
        answers.append(answer.text)
        sent = await linked.world.client().post(path, data={"answer": "done", "version": "1"})
        assert sent.status_code == 404
    assert len(set(answers)) == 1, "a wrong link tells nothing by its answer"
    assert numbers[0] in (await linked.world.client().get(mine)).text


async def test_a_renewed_link_ends_the_old_one(linked: Any, bert: Any) -> None:
    await linked.declare()
    number = await linked.lie_there()
    old = await linked.path()
    form = await linked.form(old)
    await bert.do(number, "send-outside")
    await linked.work()
    for answer in (
        await linked.world.client().get(old),
        await linked.answer(old, "done", form=form),
    ):
        assert answer.status_code == 410
        assert "neueren Link" in answer.text
        assert number not in answer.text
    assert (await linked.world.client().get(await linked.path())).status_code == 200


async def test_a_link_ends_when_the_case_goes_elsewhere(linked: Any) -> None:
    await linked.declare()
    number = await linked.lie_there()
    path = await linked.path()
    form = await linked.form(path)
    async with linked.world.worker.begin() as unit:
        await unit.connection.execute(
            text("UPDATE routing.\"case\" SET working = 'nord' WHERE number = :number"),
            {"number": number},
        )
    for answer in (
        await linked.world.client().get(path),
        await linked.answer(path, "done", form=form),
        await linked.world.client().get(f"{path}/karte.svg"),
    ):
        assert answer.status_code in {404, 410}
        assert number not in answer.text
    assert (await linked.world.row(number)).state == "forwarded"


async def test_a_link_shows_a_closed_case_for_two_weeks(linked: Any) -> None:
    await linked.declare()
    number = await linked.lie_there()
    path = await linked.path()
    await linked.answer(path, "done")
    page = await linked.world.client().get(path)
    assert page.status_code == 200
    assert "Sie müssen nichts mehr tun" in page.text
    assert 'name="answer"' not in page.text
    linked.at(utc_now() + timedelta(days=15))
    gone = await linked.world.client().get(path)
    assert gone.status_code == 410
    assert number not in gone.text


async def test_a_form_of_another_site_is_refused(linked: Any) -> None:
    await linked.declare()
    number = await linked.lie_there()
    path = await linked.path()
    data = {**await linked.form(path), "answer": "done"}
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    answer = await linked.world.client().post(path, data=data, headers=foreign)
    assert answer.status_code == 403
    assert (await linked.world.row(number)).state == "forwarded"


async def test_many_answers_in_a_minute_are_too_many(linked: Any) -> None:
    await linked.declare()
    await linked.lie_there()
    path = await linked.path()
    client = linked.world.client()
    answers = [(await client.post(path, data={"answer": ""})).status_code for _ in range(25)]
    assert answers[0] == 422
    assert answers[-1] == 429
    data = {**await linked.form(path), "answer": "note", "message": "Ein langer <Text>"}
    refused = await client.post(path, data=data, headers={"Accept": "text/html"})
    assert refused.status_code == 429
    assert "Ein langer &lt;Text&gt;</textarea>" in refused.text
    assert f'action="{path}"' in refused.text
    assert 'name="answer" value="note"' in refused.text
    assert "data-melder-back" not in refused.text, "with no-store the way back loses the text"


async def test_row_level_security_holds_for_links(linked: Any) -> None:
    """The desk's role alone sees no link; a clerk of another body none of Süd's."""
    await linked.declare()
    await linked.lie_there()
    for bodies, count in (("", 0), ("nord", 0), ("sued", 1)):
        async with linked.world.desk_engine.connect() as connection:
            await connection.execute(
                text("SELECT set_config('melder.bodies', :bodies, true)"), {"bodies": bodies}
            )
            seen = await connection.scalar(text("SELECT count(*) FROM routing.case_link"))
            assert seen == count
            changed = await connection.execute(text("UPDATE routing.case_link SET state = 'left'"))
            assert changed.rowcount == 0, "who only looks changes nothing"
