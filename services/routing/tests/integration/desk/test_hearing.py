"""What other services say changes cases: comments, reopening, photos, mail log, erasure."""

import re
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy import event, insert, text, update
from sqlalchemy.exc import DBAPIError

from melder_common import events
from melder_common.clock import utc_now
from melder_common.event_values import CaseState, PhotoClaim, PublicationPolicy
from melder_common.ids import new_id
from melder_routing.domain.case_changes import CaseNotFound
from melder_routing.store.case_tables import case, legal_hold
from melder_routing.use_cases.end_waiting import end_waiting
from melder_routing.use_cases.erase_case import erase_cases
from melder_routing.use_cases.log_access import log_access
from melder_routing.use_cases.note_comment import note_comments
from melder_routing.use_cases.note_feedback import note_feedback
from melder_routing.use_cases.note_notification import (
    note_notifications_failed,
    note_notifications_sent,
)
from melder_routing.use_cases.note_photo import (
    note_photos_deleted,
    note_photos_ready,
    note_photos_redacted,
    note_photos_rejected,
    note_photos_released,
)
from melder_routing.use_cases.note_reporter import (
    note_contacts_confirmed,
    note_contacts_erased,
    note_support,
    note_tracking_opened,
)
from melder_routing.use_cases.open_cases import open_cases
from melder_routing.use_cases.reopen_case import reopen_cases
from melder_routing.use_cases.speak_case_snapshots import speak_case_snapshots

pytestmark = pytest.mark.integration


def comment(report_id: Any, said: str = "Es ist die Nummer 4.", **more: Any) -> Any:
    return events.ReportCommented(
        report_id=report_id, comment_id=new_id(), text=said, written_at=utc_now(), **more
    )


async def close(world: Any, clerk: Any, number: str) -> None:
    await clerk.do(number, "accept")
    await clerk.do(number, "close", ending="resolved:fixed")


async def test_opening_says_where_the_case_lies(world: Any) -> None:
    routed = await world.open_case()
    (said,) = await world.events()
    assert isinstance(said, events.CaseRouted)
    assert said.responsible is not None
    assert (said.number, said.working.slug, said.responsible.slug) == (
        routed.report.number,
        "nord",
        "nord",
    )
    assert [line.kind for line in await world.history(routed.report.number)] == ["opened"]


async def test_many_cases_are_opened_by_one_statement_for_each_table(world: Any) -> None:
    written: list[tuple[str, bool]] = []

    def note(*asked: Any) -> None:
        statement, for_each_row = asked[2], asked[5]
        found = re.match(r"\s*INSERT INTO (routing\.\S+)", statement)
        if found:
            written.append((found[1], for_each_row))

    event.listen(world.worker.engine.sync_engine, "before_cursor_execute", note)
    await world.open_cases(3, policy=PublicationPolicy(text="at_once"))
    tables = ['routing."case"', "routing.case_text", "routing.case_history", "routing.outbox"]
    assert written == [(table, False) for table in tables]
    assert await world.scalar("SELECT count(*) FROM routing.case_history") == 6


async def test_a_harmless_category_publishes_at_once_and_masked(world: Any) -> None:
    at_once = PublicationPolicy(text="at_once")
    number = (await world.open_case(policy=at_once)).report.number
    (released,) = await world.said(events.CaseTextReleased)
    assert released.text == "Die Lampe ist dunkel. Ruf […] an."
    assert not (await world.row(number)).text_to_review


async def test_a_hazard_is_never_published_unread(world: Any) -> None:
    at_once = PublicationPolicy(text="at_once")
    number = (await world.open_case(policy=at_once, hazard=True)).report.number
    assert await world.said(events.CaseTextReleased) == []
    assert (await world.row(number)).text_to_review


async def test_the_usual_time_comes_from_enough_resolved_cases(world: Any) -> None:
    for days in (1, 2, 3, 30):
        await resolved_case(world, days)
    await world.open_case()
    assert (await world.said(events.CaseRouted))[-1].usual_days is None, "four are too few"
    await resolved_case(world, 40)
    await world.open_case()
    assert (await world.said(events.CaseRouted))[-1].usual_days == 3.0


async def resolved_case(world: Any, days: int) -> None:
    number = (await world.open_case()).report.number
    closed = {"state": "resolved", "closed_at": case.c.submitted_at + timedelta(days=days)}
    async with world.worker.begin() as unit:
        await unit.connection.execute(update(case).where(case.c.number == number).values(closed))


async def test_a_report_becomes_one_case(world: Any) -> None:
    routed = await world.open_case()
    with pytest.raises(DBAPIError, match="case_report_id_key"):
        async with world.worker.begin() as unit:
            await open_cases(unit, [routed])


async def test_an_answer_lets_the_case_go_on(world: Any, anna: Any) -> None:
    routed = await world.open_case()
    number = routed.report.number
    await anna.do(number, "accept")
    await anna.do(number, "status", target="in_progress")
    await anna.do(number, "question", question="Welche Nummer?")
    claim = PhotoClaim(photo_id=new_id(), upload_token="t")
    await world.hear(note_comments, comment(routed.report.report_id, photos=(claim,)))
    row = await world.row(number)
    assert (row.state, row.unread, row.resumes_as) == ("in_progress", 1, None)
    changed = (await world.said(events.CaseStatusChanged))[-1]
    assert changed.previous is CaseState.WAITING_FOR_REPORTER
    assert await world.scalar("SELECT count(*) FROM routing.due WHERE kind='waiting_over'") == 0
    assert await world.scalar("SELECT count(*) FROM routing.case_photo") == 1
    assert "Es ist die Nummer 4." in await anna.see(number)


async def test_a_comment_makes_open_forms_stale(world: Any, anna: Any) -> None:
    routed = await world.open_case()
    form = await anna.fill(routed.report.number)
    await world.hear(note_comments, comment(routed.report.report_id))
    answer = await anna.send(routed.report.number, "accept", form)
    assert answer.status_code == 409
    assert "Nachricht der meldenden Person" in answer.text


async def test_a_comment_names_the_program_that_sent_it(world: Any, anna: Any) -> None:
    routed = await world.open_case()
    said = comment(routed.report.report_id, "Wird größer.", api_client="FixMyStreet <Nord>")
    await world.hear(note_comments, said)
    page = await anna.see(routed.report.number)
    assert "Nachricht über FixMyStreet &lt;Nord&gt;" in page
    assert "Wird größer." in page
    assert (await world.row(routed.report.number)).state == "received"


async def test_somebody_elses_words_do_not_end_the_waiting(world: Any, anna: Any) -> None:
    routed = await world.open_case()
    number = routed.report.number
    await anna.do(number, "accept")
    await anna.do(number, "question", question="Welche Nummer?")
    said = comment(routed.report.report_id, api_client="FixMyStreet", by_reporter=False)
    await world.hear(note_comments, said)
    row = await world.row(number)
    assert (row.state, row.unread) == ("waiting_for_reporter", 1)


async def test_silence_returns_the_case_to_the_clerk(world: Any, anna: Any) -> None:
    number = (await world.open_case()).report.number
    await anna.do(number, "accept")
    await anna.do(number, "question", question="Welche Nummer?")
    case_id = (await world.row(number)).id
    for _ in range(2):
        async with world.worker.begin() as unit:
            await end_waiting(unit, case_id)
    assert (await world.row(number)).state == "accepted"
    assert "Frist abgelaufen" in await anna.see(number)
    assert len(await world.said(events.CaseStatusChanged)) == 3


async def test_a_resolved_case_opens_twice_then_it_is_a_note(world: Any, anna: Any) -> None:
    routed = await world.open_case()
    number = routed.report.number
    wish = events.ReportReopenRequested(report_id=routed.report.report_id, reason="Noch dunkel")
    await anna.do(number, "accept")
    for opened, state in ((1, "accepted"), (2, "accepted"), (2, "resolved")):
        await anna.do(number, "close", ending="resolved:fixed")
        await world.hear(reopen_cases, wish)
        row = await world.row(number)
        assert (row.reopened, row.state) == (opened, state)
    assert "als Hinweis vermerkt" in await anna.see(number)


async def test_after_28_days_a_wish_is_a_note(world: Any, anna: Any) -> None:
    routed = await world.open_case()
    await close(world, anna, routed.report.number)
    world.clock.fixed = utc_now() + timedelta(days=28, minutes=1)
    wish = events.ReportReopenRequested(report_id=routed.report.report_id, reason="Noch dunkel")
    await world.hear(reopen_cases, wish)
    row = await world.row(routed.report.number)
    assert (row.state, row.unread) == ("resolved", 1)


async def test_feedback_is_shown_and_a_no_wants_to_be_read(world: Any, anna: Any) -> None:
    routed = await world.open_case()
    number, report_id = routed.report.number, routed.report.report_id
    await close(world, anna, number)
    await world.hear(note_feedback, events.ReportFeedbackGiven(report_id=report_id, fixed=True))
    assert (await world.row(number)).unread == 0
    said_no = events.ReportFeedbackGiven(report_id=report_id, fixed=False, text="Flackert noch")
    await world.hear(note_feedback, said_no)
    assert (await world.row(number)).unread == 1
    page = await anna.see(number)
    assert "Nein, es ist nicht behoben" in page
    assert "Flackert noch" in page


async def test_media_tells_what_became_of_photos(world: Any, anna: Any) -> None:
    routed = await world.open_case(photos=2)
    report_id = routed.report.report_id
    first, second = (claim.photo_id for claim in routed.report.photos)
    spooled = new_id()
    for photo_id in (first, spooled):
        arrived = events.PhotoReady(photo_id=photo_id, report_id=report_id, renditions=())
        await world.hear(note_photos_ready, arrived)
    rejected = {"photo_id": second, "reason": "not_an_image"}
    await world.hear(
        note_photos_rejected,
        events.PhotoRejected(report_id=report_id, **rejected),
        events.PhotoRejected(photo_id=new_id(), reason="unknown_photo"),
    )
    assert (await world.row(routed.report.number)).photos_to_review == 2
    shown = {"photo_id": first, "report_id": report_id}
    await world.hear(note_photos_released, events.PhotoReleased(**shown, renditions=()))
    await world.hear(note_photos_redacted, events.PhotoRedacted(**shown, hidden=True))
    gone = events.PhotoDeleted(photo_id=spooled, report_id=report_id)
    await world.hear(note_photos_deleted, gone)
    states = await world.scalar(
        "SELECT string_agg(state, ' ' ORDER BY position) FROM routing.case_photo"
    )
    assert states == "hidden rejected deleted"
    assert (await world.row(routed.report.number)).photos_to_review == 0


async def test_the_mail_log_knows_no_address(world: Any, anna: Any) -> None:
    routed = await world.open_case()
    facts = {"report_id": routed.report.report_id, "channel": "email"}
    sent = events.NotificationSent(
        notification_id=new_id(), kind="receipt", sent_at=utc_now(), **facts
    )
    failed = events.NotificationFailed(
        notification_id=new_id(), kind="status", reason="bounced", **facts
    )
    before_the_case = sent.model_copy(update={"notification_id": new_id(), "report_id": new_id()})
    await world.hear(note_notifications_sent, sent, before_the_case)
    await world.hear(note_notifications_failed, failed)
    page = await anna.see(routed.report.number)
    assert "Eingangsbestätigung" in page
    assert "nicht zugestellt" in page


async def test_the_reporters_side_is_noted(world: Any, anna: Any) -> None:
    routed = await world.open_case()
    number, report_id = routed.report.number, routed.report.report_id
    contact = {"contact_id": new_id(), "report_id": report_id}
    confirmed = events.ContactConfirmed(channel="email", **contact)
    await world.hear(note_contacts_confirmed, confirmed)
    await world.hear(note_tracking_opened, events.ReportTrackingOpened(report_id=report_id))
    await world.hear(note_support, events.ReportSupported(report_id=report_id, supporters=3))
    row = await world.row(number)
    assert (row.contact_confirmed, row.supporters, row.version) == (True, 3, 1)
    await world.hear(note_contacts_erased, events.ContactErased(**contact))
    row = await world.row(number)
    assert (row.contact_confirmed, row.channels) == (False, [])


async def test_an_event_about_an_unknown_report_is_not_swallowed(world: Any) -> None:
    with pytest.raises(CaseNotFound):
        await world.hear(note_comments, comment(new_id()))


async def test_erasing_takes_the_texts_and_leaves_the_history(world: Any, anna: Any) -> None:
    routed = await world.open_case(description="Kanarienvogel im Text")
    number, report_id = routed.report.number, routed.report.report_id
    await world.hear(note_comments, comment(report_id, "Kanarienvogel im Kommentar"))
    await anna.do(number, "text", text="Kanarienvogel im Text")
    lines = len(await world.history(number))
    await world.hear(erase_cases, events.ReportErased(report_id=report_id, cause="request"))
    tables = ("case", "case_text", "case_message", "case_history", "case_photo")
    for table in tables:
        rows = await world.scalar(f"SELECT string_agg(t::text, '') FROM routing.\"{table}\" t")
        assert "Kanarienvogel" not in (rows or ""), table
    assert len(await world.history(number)) == lines + 1
    row = await world.row(number)
    assert (row.address, row.category, row.state) == (None, "lamp", "received")
    assert "gelöscht" in await anna.see(number)


async def test_a_legal_hold_defers_the_erasure(world: Any) -> None:
    routed = await world.open_case()
    row = await world.row(routed.report.number)
    async with world.worker.begin() as unit:
        clerk_id = await unit.connection.scalar(text("SELECT id FROM routing.clerk LIMIT 1"))
        await unit.connection.execute(
            insert(legal_hold).values(
                id=new_id(),
                case_id=row.id,
                set_by=clerk_id,
                reason="Schadensfall",
                review_on=utc_now().date(),
                set_at=utc_now(),
            )
        )
    erased = events.ReportErased(report_id=routed.report.report_id, cause="retention")
    await world.hear(erase_cases, erased)
    assert (await world.row(routed.report.number)).erased_at is None
    assert await world.scalar("SELECT kind FROM routing.due") == "erase_after_hold"


async def test_a_snapshot_tells_the_whole_case_again(world: Any, anna: Any) -> None:
    numbers = [(await world.open_case()).report.number for _ in range(3)]
    await anna.do(numbers[0], "text", text="Die Lampe ist dunkel.")
    await anna.do(numbers[0], "accept")
    await anna.do(numbers[0], "close", ending="resolved:fixed")
    last: str | None = None
    for expected in (2, 1, 0):
        async with world.worker.begin() as unit:
            last = await speak_case_snapshots(unit, last, 2)
        assert (last is not None) is (expected > 0)
    told = await world.said(events.CaseSnapshot)
    assert sorted(one.number for one in told) == sorted(numbers)
    (first,) = [one for one in told if one.number == numbers[0]]
    assert (first.state, first.public_text) == (CaseState.RESOLVED, "Die Lampe ist dunkel.")
    assert list(first.timeline) == await world.said(events.CaseStatusChanged)
    (routed,) = [one for one in await world.said(events.CaseRouted) if one.number == numbers[0]]
    same = set(events.CaseRouted.model_fields) - {"usual_days", "rerouted"}
    assert first.model_dump(include=same) == routed.model_dump(include=same)


async def test_the_use_of_a_grant_is_audited_once(world: Any) -> None:
    used = events.AccessGranted(
        grant_id=new_id(),
        clerk_id=new_id(),
        action="photo.view",
        object_id=new_id(),
        used_at=utc_now(),
    )
    for _ in range(2):
        await world.hear(log_access, used)
    assert await world.scalar("SELECT count(*) FROM routing.access_log") == 1


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE routing.case_history SET kind = 'opened'",
        "DELETE FROM routing.case_history",
        "TRUNCATE routing.case_history",
        "DELETE FROM routing.access_log",
    ],
)
async def test_history_cannot_be_rewritten_even_by_its_owner(
    world: Any, sql: str, postgres: Any
) -> None:
    await world.open_case()
    used = events.AccessGranted(
        grant_id=new_id(), clerk_id=new_id(), action="x", object_id=new_id(), used_at=utc_now()
    )
    await world.hear(log_access, used)
    database = world.worker.engine.url.database
    owner = await asyncpg.connect(postgres.url(database, "melder_routing").replace("+asyncpg", ""))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await owner.execute(sql)
    finally:
        await owner.close()
