"""Every action of a clerk, by the form on the page, with what it says to the others."""

from typing import Any

import pytest

from melder_common import events
from melder_common.event_values import CaseState, PublicationPolicy
from melder_routing.use_cases.note_photo import note_photos_ready
from melder_routing.use_cases.note_reporter import note_tracking_opened

pytestmark = pytest.mark.integration


async def open_number(world: Any, **changes: Any) -> str:
    return str((await world.open_case(**changes)).report.number)


async def test_accepting_is_said_and_written_down(world: Any, anna: Any) -> None:
    number = await open_number(world)
    await anna.do(number, "accept")
    (changed,) = await world.said(events.CaseStatusChanged)
    assert (changed.previous, changed.state) == (CaseState.RECEIVED, CaseState.ACCEPTED)
    assert changed.body.slug == "nord"
    assert "Anna" not in changed.model_dump_json(), "staff names leave no body"
    line = (await world.history(number))[-1]
    assert (line.kind, line.body, line.version) == ("state", "nord", 2)


async def test_claiming_and_giving_back_stay_inside(world: Any, anna: Any) -> None:
    number = await open_number(world)
    await anna.do(number, "claim")
    assert (await world.row(number)).assignee is not None
    assert "Dieser Fall liegt bei Ihnen" in await anna.see(number)
    await anna.do(number, "release-claim")
    assert (await world.row(number)).assignee is None
    assert await world.said(events.CaseStatusChanged) == []
    assert [line.kind for line in await world.history(number)][-2:] == ["claimed", "given_back"]


async def test_a_claimed_case_is_in_one_pair_of_hands(world: Any, anna: Any) -> None:
    number = await open_number(world)
    await anna.do(number, "claim")
    nina = await world.sign_in("nina@nord.example")
    answer = await nina.send(number, "claim")
    assert answer.status_code == 422
    assert "schon in anderen Händen" in answer.text
    assert "In Bearbeitung: Anna Nord" in answer.text


async def test_a_question_waits_and_keeps_its_text_private(world: Any, anna: Any) -> None:
    number = await open_number(world)
    await anna.do(number, "accept")
    await anna.do(number, "question", question="Welche Hausnummer?")
    (posted,) = await world.said(events.CaseMessagePosted)
    assert (posted.kind, posted.text, posted.public) == ("question", "Welche Hausnummer?", False)
    changed = (await world.said(events.CaseStatusChanged))[-1]
    assert changed.state is CaseState.WAITING_FOR_REPORTER
    assert changed.message is None
    assert (await world.row(number)).resumes_as == "accepted"
    planned = await world.scalar("SELECT count(*) FROM routing.due WHERE kind = 'waiting_over'")
    assert planned == 1


async def test_nobody_is_asked_who_cannot_be_reached(world: Any, anna: Any) -> None:
    routed = await world.open_case(channels=())
    number = routed.report.number
    await anna.do(number, "accept")
    answer = await anna.send(number, "question", question="Wo genau?")
    assert answer.status_code == 422
    assert "würde hier niemanden erreichen" in answer.text
    opened = events.ReportTrackingOpened(report_id=routed.report.report_id)
    await world.hear(note_tracking_opened, opened)
    await anna.do(number, "question", question="Wo genau?")


async def test_a_preview_sends_nothing(world: Any, anna: Any) -> None:
    number = await open_number(world)
    await anna.do(number, "accept")
    answer = await anna.send(number, "question", question="Welche <Farbe>?", preview="1")
    assert answer.status_code == 200
    assert "So kommt die Frage an" in answer.text
    assert answer.text.count("Welche &lt;Farbe&gt;?") == 2, "in the letter and still in the field"
    assert await world.said(events.CaseMessagePosted) == []


async def test_a_status_may_carry_a_public_word(world: Any, anna: Any) -> None:
    number = await open_number(world)
    await anna.do(number, "accept")
    await anna.do(number, "status", target="planned", message="Wir kommen am Montag.")
    changed = (await world.said(events.CaseStatusChanged))[-1]
    assert (changed.state, changed.message) == (CaseState.PLANNED, "Wir kommen am Montag.")
    assert "Wir kommen am Montag." in await anna.see(number)


async def test_forwarding_without_a_word_is_refused(world: Any, anna: Any) -> None:
    number = await open_number(world)
    await anna.do(number, "accept")
    answer = await anna.send(number, "status", target="forwarded")
    assert answer.status_code == 422
    assert 'href="#message"' in answer.text
    assert 'id="message"' in answer.text


@pytest.mark.parametrize("target", ["", "nowhere", "received"])
async def test_a_state_that_leads_nowhere_is_refused(world: Any, anna: Any, target: str) -> None:
    number = await open_number(world)
    answer = await anna.send(number, "status", target=target)
    assert answer.status_code == 422
    assert (await world.row(number)).state == "received"


async def test_a_reason_closes_with_its_sentence(world: Any, anna: Any) -> None:
    number = await open_number(world)
    await anna.do(number, "accept")
    await anna.do(number, "close", ending="resolved:fixed")
    changed = (await world.said(events.CaseStatusChanged))[-1]
    assert (changed.state, changed.reason) == (CaseState.RESOLVED, "fixed")
    assert changed.message == "Der Mangel ist behoben. Vielen Dank für Ihren Hinweis."
    row = await world.row(number)
    assert row.closed_at is not None


@pytest.mark.parametrize("ending", ["", "resolved:", "resolved:abuse", "planned:fixed", "x"])
async def test_closing_needs_a_fitting_reason_or_a_text(world: Any, anna: Any, ending: str) -> None:
    number = await open_number(world)
    await anna.do(number, "accept")
    answer = await anna.send(number, "close", ending=ending)
    assert answer.status_code == 422
    assert (await world.row(number)).closed_at is None


async def test_closing_with_own_text_and_opening_again(world: Any, anna: Any) -> None:
    number = await open_number(world)
    await anna.do(number, "accept")
    await anna.do(number, "close", ending="resolved:", message="Neu gesetzt.")
    await anna.do(number, "status", target="accepted")
    row = await world.row(number)
    assert (row.state, row.closed_at, row.reopened) == ("accepted", None, 0)


async def test_releasing_masks_and_keeps_the_original(world: Any, anna: Any) -> None:
    number = await open_number(world)
    page = await anna.see(number)
    assert "Die Lampe ist dunkel. Ruf 0381 1234567 an." in page
    assert "Die Lampe ist dunkel. Ruf […] an.</textarea>" in page
    await anna.do(number, "text", text="Die Lampe ist dunkel. Ruf 0381 1234567 an.")
    (released,) = await world.said(events.CaseTextReleased)
    assert released.text == "Die Lampe ist dunkel. Ruf […] an."
    kept = await world.scalar("SELECT description FROM routing.case_text")
    assert kept == "Die Lampe ist dunkel. Ruf 0381 1234567 an."
    assert not (await world.row(number)).text_to_review


async def test_a_released_text_is_redacted_and_taken_back(world: Any, anna: Any) -> None:
    number = await open_number(world)
    await anna.do(number, "text", text="Die Lampe ist dunkel.")
    await anna.do(number, "text", text="Lampe dunkel.")
    await anna.do(number, "hide-text")
    assert [event.text for event in await world.said(events.CaseTextReleased)] == [
        "Die Lampe ist dunkel."
    ]
    assert [event.text for event in await world.said(events.CaseTextRedacted)] == [
        "Lampe dunkel.",
        None,
    ]


async def test_what_the_policy_hides_cannot_be_released(world: Any, anna: Any) -> None:
    never = PublicationPolicy(text="never", photo="never", place="never")
    routed = await world.open_case(policy=never, photos=1)
    number, photo_id = routed.report.number, routed.report.photos[0].photo_id
    await world.hear(note_photos_ready, ready(routed, photo_id))
    page = await anna.see(number)
    assert "Veröffentlichen</span>" not in page
    for action in ("text", f"photos/{photo_id}/release"):
        answer = await anna.send(number, action, text="Trotzdem")
        assert answer.status_code == 422
    assert (await world.row(number)).photos_to_review == 0
    assert await world.said(events.CaseTextReleased) == []
    assert await world.said(events.CasePhotoReleased) == []


def ready(routed: Any, photo_id: Any) -> events.PhotoReady:
    return events.PhotoReady(photo_id=photo_id, report_id=routed.report.report_id, renditions=())


async def test_photos_are_asked_for_and_hidden(world: Any, anna: Any) -> None:
    routed = await world.open_case(photos=2)
    number = routed.report.number
    first, second = (claim.photo_id for claim in routed.report.photos)
    await world.hear(note_photos_ready, ready(routed, first), ready(routed, second))
    assert (await world.row(number)).photos_to_review == 2
    page = await anna.see(number)
    assert f"/photos/{first}/list.webp?grant=" in page
    await anna.do(number, f"photos/{first}/release")
    await anna.do(number, f"photos/{second}/hide")
    (released,) = await world.said(events.CasePhotoReleased)
    (hidden,) = await world.said(events.CasePhotoRedacted)
    assert (released.photo_id, hidden.photo_id, hidden.hidden) == (first, second, True)
    assert (await world.row(number)).photos_to_review == 0


async def test_a_photo_of_another_case_is_no_photo(world: Any, anna: Any) -> None:
    other = await world.open_case(photos=1)
    photo_id = other.report.photos[0].photo_id
    await world.hear(note_photos_ready, ready(other, photo_id))
    number = await open_number(world)
    answer = await anna.send(number, f"photos/{photo_id}/release")
    assert answer.status_code == 422
    assert await world.said(events.CasePhotoReleased) == []


async def test_a_message_may_be_public(world: Any, anna: Any) -> None:
    number = await open_number(world)
    await anna.do(number, "message", message="Danke!", public="1")
    await anna.do(number, "message", message="Nur für Sie.")
    posted = await world.said(events.CaseMessagePosted)
    assert [(event.text, event.public) for event in posted] == [
        ("Danke!", True),
        ("Nur für Sie.", False),
    ]


@pytest.mark.parametrize("typed", ["a\x00b", "\u202eabc\x07", "x" * 4001])
async def test_unstorable_text_comes_back_with_a_reason(world: Any, anna: Any, typed: str) -> None:
    number = await open_number(world)
    answer = await anna.send(number, "message", message=typed)
    assert answer.status_code == 422
    assert 'href="#message"' in answer.text
    assert await world.said(events.CaseMessagePosted) == []
