"""A case whose body is reached by Open311 is sent there, once, with nothing that is not released."""

from datetime import timedelta
from typing import Any

import pytest

from melder_common import events
from melder_common.clock import utc_now
from melder_common.event_values import BodyRef, CaseState, PublicationPolicy
from melder_routing.use_cases.note_photo import note_photos_ready, note_photos_released

pytestmark = pytest.mark.integration

SUED = BodyRef(slug="sued", name="Gemeinde Süd")
CANARY = "KANARIENVOGEL wohnt hier"
AT_ONCE = PublicationPolicy(text="at_once")


async def lay(outside: Any, **changes: Any) -> Any:
    """A case that lies with Süd."""
    return await outside.world.open_case(**{"body": SUED, "responsible": SUED, **changes})


def released(photo_id: Any, report_id: Any) -> list[events.Event]:
    seen = {"photo_id": photo_id, "report_id": report_id, "renditions": ()}
    return [events.PhotoReady(**seen), events.PhotoReleased(**seen)]


async def show_photo(outside: Any, routed: Any) -> Any:
    photo = routed.report.photos[0].photo_id
    ready, shown = released(photo, routed.report.report_id)
    await outside.world.hear(note_photos_ready, ready)
    await outside.world.hear(note_photos_released, shown)
    return photo


async def test_a_routed_case_leaves_at_once_without_its_unreviewed_text(outside: Any) -> None:
    await outside.declare(jurisdiction_id="sued.example")
    number = (await lay(outside, description=CANARY)).report.number
    await outside.work()

    (post,) = outside.far.posts()
    assert post.one("service_code") == "L 1"
    assert (post.one("lat"), post.one("long")) == ("54.100000", "12.100000")
    assert post.one("jurisdiction_id") == "sued.example"
    assert post.one("api_key") == "geheimer-schluessel"
    text = post.one("description")
    assert "noch geprüft" in text
    assert f"https://melden.example/meldungen/{number}" in text
    assert CANARY not in str(outside.far.asked)
    assert not {"email", "phone", "first_name", "account_id"} & {name for name, _ in post.fields}
    row = await outside.row()
    assert (row.state, row.remote_id) == ("sent", "4711")
    assert post.headers["Idempotency-Key"] == str(row.id)


async def test_the_reporter_hears_of_it_once(outside: Any, bert: Any) -> None:
    await outside.declare()
    number = (await lay(outside)).report.number
    await outside.work()
    (changed,) = await outside.world.said(events.CaseStatusChanged)
    assert (changed.state, changed.body.slug) == (CaseState.FORWARDED, "sued")
    assert changed.message == (
        "Ihre Meldung liegt jetzt bei: Gemeinde Süd. Dort hat sie die Nummer 4711."
    )
    page = await bert.see(number)
    assert "Weitergegeben an Gemeinde Süd" in page
    assert "4711" in page


async def test_a_body_at_the_desk_keeps_its_cases(outside: Any) -> None:
    await outside.declare()
    await outside.world.open_case()
    assert await outside.work() == 0
    assert outside.far.posts() == []


async def test_what_came_from_there_never_goes_back(outside: Any, bert: Any) -> None:
    await outside.declare(client="Gemeinde Süd (FMS)")
    routed = await lay(outside)
    async with outside.world.worker.begin() as unit:
        await unit.connection.exec_driver_sql(
            "UPDATE routing.\"case\" SET api_client = 'Gemeinde Süd (FMS)'"
        )
    await outside.work()
    assert outside.far.posts() == []
    assert "Der Fall kam von dort" in await bert.see(routed.report.number)


async def test_a_released_text_goes_along_masked_and_a_later_one_follows(
    outside: Any, bert: Any
) -> None:
    await outside.declare()
    number = (await lay(outside)).report.number
    await outside.work()
    await bert.do(number, "text", text="Die Lampe ist dunkel. Ruf 0381 1234567 an.")
    await outside.work()
    await outside.work()
    (told,) = outside.far.posts("/servicerequestupdates.json")
    assert told.one("service_request_id") == "4711"
    assert told.one("status") == "UNCHANGED"
    assert "Die Lampe ist dunkel. Ruf […] an." in told.one("description")
    await bert.do(number, "hide-text")
    await outside.work()
    assert "zurückgenommen" in outside.far.posts("/servicerequestupdates.json")[-1].one(
        "description"
    )


async def test_a_photo_follows_as_a_file_once_it_is_released(outside: Any) -> None:
    await outside.declare(photos="files")
    routed = await lay(outside, photos=1)
    await outside.work()
    assert outside.far.posts()[0].files == {}
    photo = await show_photo(outside, routed)
    await outside.work()
    (told,) = outside.far.posts("/servicerequestupdates.json")
    assert told.files == {"photo1": f"JPEG /photos/{photo}/full.jpg".encode()}


async def test_without_updates_it_waits_for_the_review_of_text_and_photo(
    outside: Any, bert: Any
) -> None:
    await outside.declare(updates=False)
    routed = await lay(outside, photos=1)
    await outside.work()
    assert outside.far.posts() == []
    await bert.do(routed.report.number, "text", text="Die Lampe ist dunkel.")
    await outside.work()
    assert outside.far.posts() == []
    photo = await show_photo(outside, routed)
    await outside.work()
    (post,) = outside.far.posts()
    assert post.one("description").startswith("Die Lampe ist dunkel.")
    assert post.one("media_url") == f"https://melden.example/photos/{photo}/full.jpg"


async def test_it_waits_no_longer_than_was_said_and_not_in_danger(outside: Any) -> None:
    await outside.declare(updates=False, longest_wait_hours=5)
    await lay(outside)
    await outside.work()
    outside.at(utc_now() + timedelta(hours=4, minutes=50))
    await outside.work()
    assert outside.far.posts() == []
    outside.at(utc_now() + timedelta(hours=5, minutes=10))
    await outside.work()
    assert len(outside.far.posts()) == 1
    await lay(outside, hazard=True)
    await outside.work()
    assert outside.far.posts()[1].one("description").startswith("Gefahr")


async def test_by_hand_means_when_a_clerk_says_so(outside: Any, bert: Any) -> None:
    await outside.declare(send="by_hand")
    number = (await lay(outside)).report.number
    await outside.work()
    assert outside.far.posts() == []
    assert "Wartet auf Ihren Auftrag" in await bert.see(number)
    await bert.do(number, "send-outside")
    await outside.work()
    assert len(outside.far.posts()) == 1


async def test_a_case_that_moves_on_is_said_to_be_elsewhere_and_may_return(
    outside: Any, bert: Any
) -> None:
    await outside.declare()
    await lay(outside)
    await outside.work()
    for working in ("nord", "sued"):
        async with outside.world.worker.begin() as unit:
            await unit.connection.exec_driver_sql(
                f"UPDATE routing.\"case\" SET working = '{working}'"
            )
        await outside.work()
    statuses = [one.one("status") for one in outside.far.posts("/servicerequestupdates.json")]
    assert statuses == ["NOT_COUNCILS_RESPONSIBILITY", "REOPEN"]
    assert len(outside.far.posts()) == 1, "it is known there already"


async def test_a_closing_here_is_told_there(outside: Any, bert: Any) -> None:
    await outside.declare()
    number = (await lay(outside)).report.number
    await outside.work()
    await bert.do(number, "close", ending="resolved:fixed", message="Wir waren schneller.")
    await outside.work()
    await outside.work()
    (told,) = outside.far.posts("/servicerequestupdates.json")
    assert (told.one("status"), told.one("description")) == ("FIXED", "Wir waren schneller.")


async def test_a_token_is_asked_until_the_number_is_there(outside: Any, make_answer: Any) -> None:
    await outside.declare()
    outside.far.says("POST", "/requests.json", [{"token": "t 1", "service_notice": None}])
    outside.far.says(
        "GET",
        "/tokens/t%201.json",
        make_answer(404, []),
        [{"token": "t 1"}],
        [{"service_request_id": 12, "token": "t 1"}],
    )
    await lay(outside)
    now = utc_now()
    for seconds in (0, 5, 20, 60, 120):
        outside.at(now + timedelta(seconds=seconds))
        await outside.work()
    row = await outside.row()
    assert (row.state, row.remote_id, row.token) == ("sent", "12", None)
    assert len(outside.far.posts()) == 1


@pytest.mark.parametrize("description", [CANARY, "x" * 5000])
async def test_a_text_published_at_once_goes_along_at_once(outside: Any, description: str) -> None:
    await outside.declare()
    await lay(outside, description=description, policy=AT_ONCE)
    await outside.work()
    (post,) = outside.far.posts()
    assert post.one("description").startswith(description[:100])
    assert len(post.one("description")) <= 4000
