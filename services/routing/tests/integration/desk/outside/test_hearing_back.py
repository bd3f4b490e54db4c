"""What the other side says comes back once: its status by one table, its words to the reporter."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from melder_common import events
from melder_common.clock import utc_now
from melder_common.event_values import BodyRef, CaseState

pytestmark = pytest.mark.integration

SUED = BodyRef(slug="sued", name="Gemeinde Süd")
UPDATES = "/servicerequestupdates.json"


def update(status: str, text: str = "", name: str = "", number: str = "4711") -> dict[str, str]:
    return {
        "update_id": name or f"u-{status}",
        "service_request_id": number,
        "status": status,
        "updated_datetime": utc_now().isoformat(),
        "description": text,
    }


async def lie_there(outside: Any, **entry: Any) -> str:
    """A case that Süd has as number 4711."""
    await outside.declare(**entry)
    routed = await outside.world.open_case(body=SUED, responsible=SUED, description="")
    await outside.work()
    return str(routed.report.number)


@pytest.mark.parametrize(
    ("status", "state", "words"),
    [
        ("fixed", "resolved", "Gemeinde Süd hat den Mangel behoben."),
        ("Fixed - Council", "resolved", "Gemeinde Süd hat den Mangel behoben."),
        ("closed", "resolved", "Gemeinde Süd hat die Meldung abgeschlossen."),
        ("NO_FURTHER_ACTION", "not_actionable", "Gemeinde Süd hat die Meldung geprüft"),
        ("duplicate", "duplicate", "Dieser Mangel ist uns schon bekannt."),
        ("not_councils_responsibility", "received", "nach eigener Prüfung nicht zuständig"),
    ],
)
async def test_a_status_becomes_ours_and_is_said_once(
    outside: Any, status: str, state: str, words: str
) -> None:
    number = await lie_there(outside)
    outside.far.says("GET", UPDATES, [update(status)])
    for _ in range(3):
        await outside.listen()
    assert (await outside.world.row(number)).state == state
    changed = (await outside.world.said(events.CaseStatusChanged))[1:]
    assert [one.state for one in changed] == [state]
    assert words in changed[0].message
    assert outside.far.posts(UPDATES) == [], "they are not told what they said"


async def test_words_come_masked_to_the_reporter(outside: Any, bert: Any) -> None:
    number = await lie_there(outside)
    text = "Bestellt <b>morgen</b>. Rückfragen: Herr Klein, 0381 1234567"
    outside.far.says("GET", UPDATES, [update("in_progress", text)])
    await outside.listen()
    await outside.listen()
    (posted,) = await outside.world.said(events.CaseMessagePosted)
    assert (posted.public, posted.body.name) == (True, "Gemeinde Süd")
    assert "1234567" not in posted.text
    page = await bert.see(number)
    assert "&lt;b&gt;morgen&lt;/b&gt;" in page
    assert "in Arbeit" in page
    assert (await outside.world.row(number)).state == "forwarded"


async def test_held_words_wait_for_a_clerk(outside: Any) -> None:
    number = await lie_there(outside, their_texts="held")
    outside.far.says("GET", UPDATES, [update("fixed", "Herr Klein hat repariert.")])
    await outside.listen()
    assert await outside.world.said(events.CaseMessagePosted) == []
    changed = (await outside.world.said(events.CaseStatusChanged))[-1]
    assert changed.message == "Gemeinde Süd hat den Mangel behoben."
    row = await outside.world.row(number)
    assert (row.state, row.unread) == ("resolved", 1)


async def test_the_rules_of_the_workflow_hold(outside: Any, bert: Any) -> None:
    number = await lie_there(outside)
    await bert.do(number, "status", target="in_progress", message="Wir machen es selbst.")
    outside.far.says("GET", UPDATES, [update("no_further_action")])
    await outside.listen()
    assert (await outside.world.row(number)).state == "in_progress"
    assert "keine weitere Bearbeitung" in await bert.see(number)


async def test_what_was_closed_there_may_be_opened_there_again(outside: Any) -> None:
    number = await lie_there(outside)
    outside.far.says("GET", UPDATES, [update("fixed")], [update("open")])
    await outside.listen()
    await outside.listen()
    assert (await outside.world.row(number)).state == CaseState.FORWARDED


async def test_an_unknown_word_is_shown_and_left_to_people(outside: Any, bert: Any) -> None:
    number = await lie_there(outside)
    outside.far.says("GET", UPDATES, [update("verschoben auf später")])
    await outside.listen()
    row = await outside.world.row(number)
    assert (row.state, row.unread) == ("forwarded", 1)
    assert "verschoben_auf_später" in await bert.see(number)


async def test_it_asks_for_a_window_that_overlaps_and_far_back_now_and_then(outside: Any) -> None:
    await lie_there(outside)
    await outside.listen()
    await outside.listen()
    windows = [
        datetime.strptime(one.one("end_date"), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        - datetime.strptime(one.one("start_date"), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        for one in outside.far.asked
        if one.method == "GET"
    ]
    assert [window.days for window in windows] == [7, 0]
    assert windows[1].total_seconds() >= 2 * 3600


async def test_updates_of_others_and_nonsense_are_passed_over(outside: Any) -> None:
    number = await lie_there(outside)
    stray = [
        update("fixed", number="0815"),
        {"update_id": 7},
        update("fixed") | {"update_id": None},
    ]
    outside.far.says("GET", UPDATES, stray)
    await outside.listen()
    assert (await outside.world.row(number)).state == "forwarded"
    assert (await outside.endpoint()).failing_since is None


async def test_garbage_is_a_named_failure_of_the_endpoint(outside: Any) -> None:
    await lie_there(outside)
    outside.far.says("GET", UPDATES, "<html>Wartung</html>")
    await outside.listen()
    endpoint = await outside.endpoint()
    assert endpoint.last_error == "unreadable"
    assert endpoint.heard_until is None


async def test_a_server_without_updates_is_asked_for_the_requests_themselves(
    outside: Any,
) -> None:
    number = await lie_there(outside, updates=False)
    stands = {"service_request_id": "4711", "status": "open", "status_notes": None}
    closed = {**stands, "status": "closed", "status_notes": "Die Lampe leuchtet."}
    outside.far.says("GET", "/requests.json", [stands], [stands], [closed])
    for _ in range(4):
        await outside.listen()
    asked = [
        one for one in outside.far.asked if one.path == "/requests.json" and one.method == "GET"
    ]
    assert asked[0].one("service_request_id") == "4711"
    assert (await outside.world.row(number)).state == "resolved"
    changed = (await outside.world.said(events.CaseStatusChanged))[1:]
    assert [one.message for one in changed] == ["Die Lampe leuchtet."]


async def test_a_request_that_stands_open_once_more_is_opened_here_too(outside: Any) -> None:
    number = await lie_there(outside, updates=False)
    stands = {"service_request_id": "4711", "status": "open", "status_notes": None}
    closed = {**stands, "status": "closed"}
    outside.far.says("GET", "/requests.json", [stands], [closed], [stands], [closed], [closed])
    states = []
    for _ in range(5):
        await outside.listen()
        states.append((await outside.world.row(number)).state)
    assert states == ["forwarded", "resolved", "forwarded", "resolved", "resolved"]
    said = [one.state for one in (await outside.world.said(events.CaseStatusChanged))[1:]]
    assert said == ["resolved", "forwarded", "resolved"]


async def test_a_clock_ahead_over_there_makes_nothing_late(outside: Any) -> None:
    number = await lie_there(outside)
    ahead = (utc_now() + timedelta(days=400)).isoformat()
    planned = update("planned") | {"updated_datetime": ahead}
    outside.far.says("GET", UPDATES, [planned])
    await outside.listen()
    outside.far.says("GET", UPDATES, [update("fixed"), planned])
    await outside.listen()
    assert (await outside.world.row(number)).state == "resolved"


async def test_a_moment_no_zone_can_tell_stops_no_other_update(outside: Any) -> None:
    number = await lie_there(outside)
    strange = update("planned") | {"updated_datetime": "0001-01-01T00:00:00+14:00"}
    outside.far.says("GET", UPDATES, [strange, update("fixed")])
    await outside.listen()
    assert (await outside.world.row(number)).state == "resolved"


async def test_a_server_that_speaks_xml_only(outside: Any, make_answer: Any) -> None:
    url = outside.far.url
    discovery = f"""<?xml version="1.0" encoding="utf-8"?><discovery><endpoints>
    <endpoint><specification>x</specification><url>{url}/v2</url><type>test</type>
    <formats><format>text/xml</format></formats></endpoint>
    <endpoint><specification>x</specification><url>{url}/o</url><type>production</type>
    <formats><format>text/xml</format></formats></endpoint></endpoints></discovery>"""
    head = '<?xml version="1.0" encoding="utf-8"?>'
    outside.far.says("GET", "/discovery.xml", discovery)
    outside.far.says(
        "POST",
        "/o/requests.xml",
        f"{head}<service_requests><request><service_request_id>4711</service_request_id>"
        "</request></service_requests>",
    )
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    said = update("fixed", "Behoben & gut.")
    fields = "".join(
        f"<{name}>{value.replace('&', '&amp;')}</{name}>" for name, value in said.items()
    )
    outside.far.says(
        "GET",
        "/o/servicerequestupdates.xml",
        bomb,
        f"{head}<service_request_updates><request_update>{fields}</request_update>"
        "</service_request_updates>",
    )
    number = await lie_there(outside, url=f"{url}/discovery.xml")
    await outside.listen()
    assert (await outside.endpoint()).last_error == "unreadable"
    await outside.listen()
    assert (await outside.world.row(number)).state == "resolved"
    assert (await outside.world.said(events.CaseStatusChanged))[-1].message == "Behoben & gut."
