"""A server that misbehaves: nothing is lost, nothing loops fast, and the desk says what is wrong."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import text

from melder_common.clock import utc_now
from melder_common.event_values import BodyRef
from melder_routing.domain.outside import Post
from melder_routing.store import open311_client
from melder_routing.timers import find_stuck_cases
from melder_routing.use_cases.note_outside_outcome import note_outside_outcome
from melder_routing.use_cases.prepare_outside import prepare_outside

pytestmark = pytest.mark.integration

SUED = BodyRef(slug="sued", name="Gemeinde Süd")
HTML = "<!doctype html><html><body>Wartung</body></html>"
TAKEN = [{"service_request_id": "4711"}]


async def lay(outside: Any) -> str:
    routed = await outside.world.open_case(body=SUED, responsible=SUED)
    return str(routed.report.number)


async def pass_to(outside: Any, working: str) -> None:
    async with outside.world.worker.begin() as unit:
        move = text('UPDATE routing."case" SET working = :working')
        await unit.connection.execute(move, {"working": working})


@pytest.mark.parametrize(
    ("status", "body", "headers", "error", "waits_for"),
    [
        (500, HTML, {}, "server_error", 10),
        (503, b"", {"Retry-After": "600"}, "busy", 590),
        (429, b"", {"Retry-After": "900"}, "busy", 890),
        (403, [{"code": "403", "description": "api_key"}], {}, "key_refused", 14 * 60),
        (302, b"", {"Location": "http://anderswo.example/"}, "redirected", 14 * 60),
    ],
)
async def test_it_is_tried_again_later_and_only_later(
    outside: Any, bert: Any, make_answer: Any, status: int, body: Any, headers: Any, error: str,
    waits_for: int,
) -> None:  # fmt: skip
    await outside.declare()
    outside.far.says("POST", "/requests.json", make_answer(status, body, headers), TAKEN)
    number = await lay(outside)
    start = utc_now()
    outside.at(start)
    await outside.work()
    row = await outside.row()
    assert (row.state, row.error) == ("posting", error)
    assert "Nächster Versuch" in await bert.see(number)
    outside.at(start + timedelta(seconds=waits_for))
    await bert.do(number, "claim")
    await outside.work()
    assert len(outside.far.posts()) == 1, "nothing makes it try before its time"
    outside.at(start + timedelta(seconds=2 * waits_for + 60))
    await outside.work()
    first, second = outside.far.posts()
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    row = await outside.row()
    assert (row.state, row.error, row.remote_id) == ("sent", None, "4711")


async def test_a_broken_line_holds_every_case_and_is_named(outside: Any, make_answer: Any) -> None:
    await outside.declare()
    outside.far.says("POST", "/requests.json", make_answer(403, b""))
    for _ in range(5):
        await lay(outside)
    await outside.work()
    assert len(outside.far.posts()) == 1, "a wrong key is not shown five times"
    endpoint = await outside.endpoint()
    assert endpoint.last_error == "key_refused"
    assert endpoint.failing_since is not None


async def test_a_key_that_the_other_side_repeats_is_kept_nowhere(
    outside: Any, bert: Any, make_answer: Any, tmp_path: Path
) -> None:
    key = "ge/heim+1"
    (tmp_path / "far-key").write_text(key)
    await outside.declare()
    echoes = f"api_key {key} is wrong in /requests.json?api_key={quote(key, safe='')}"
    said = [{"code": "400", "description": echoes}]
    outside.far.says("POST", "/requests.json", make_answer(400, said))
    number = await lay(outside)
    await outside.work()
    assert "is wrong in" in (await outside.row()).error_words
    page = await bert.see(number)
    for spelling in (key, quote(key, safe="")):
        assert spelling not in (await outside.row()).error_words
        assert spelling not in page


async def test_a_discovery_document_of_endpoints_alone(outside: Any) -> None:
    url = outside.far.url
    outside.far.says("GET", "/discovery.json", {"endpoints": [{"type": "production", "url": url}]})
    await outside.declare(url=f"{url}/discovery.json")
    await lay(outside)
    await outside.work()
    assert (await outside.row()).state == "sent"


@pytest.mark.parametrize("url", ["https://[", "http://127.0.0.1:x/"])
async def test_a_discovery_document_that_names_nonsense(outside: Any, url: str) -> None:
    endpoints = [{"type": "production", "url": url}]
    outside.far.says("GET", "/discovery.json", {"contact": "x", "endpoints": endpoints})
    await outside.declare(url=f"{outside.far.url}/discovery.json")
    await lay(outside)
    await outside.work()
    assert (await outside.row()).error == "unreadable"


async def test_a_redirect_to_nowhere_is_one(outside: Any, make_answer: Any) -> None:
    await outside.declare()
    nowhere = {"Location": "https://["}
    outside.far.says("POST", "/requests.json", make_answer(302, b"", nowhere))
    await lay(outside)
    await outside.work()
    assert (await outside.row()).error == "redirected"


async def test_nobody_there(outside: Any) -> None:
    await outside.declare(url="http://127.0.0.1:9")
    await lay(outside)
    await outside.work()
    assert (await outside.row()).error == "unreachable"


async def test_a_missing_key_is_said_before_anything_leaves(outside: Any) -> None:
    await outside.declare(key_file="nicht-da")
    await lay(outside)
    await outside.work()
    assert (await outside.row()).error == "key_missing"
    assert outside.far.asked == []


async def test_a_server_that_drips_is_left_in_the_end(
    outside: Any, make_answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open311_client, "LONGEST_CALL_S", 0.3)
    await outside.declare()
    outside.far.says("POST", "/requests.json", make_answer(200, TAKEN, after_s=1.0))
    await lay(outside)
    await outside.work()
    assert (await outside.row()).error == "unreachable"


async def test_an_answer_nobody_understands_waits_for_a_clerk(
    outside: Any, bert: Any, make_answer: Any
) -> None:
    await outside.declare()
    outside.far.says("POST", "/requests.json", make_answer(200, HTML), TAKEN)
    number = await lay(outside)
    await outside.work()
    row = await outside.row()
    assert (row.state, row.error) == ("refused", "unclear")
    page = await bert.see(number)
    assert "Ob der Fall angekommen ist, wissen wir nicht" in page
    assert "&lt;!doctype html&gt;" in page
    await bert.do(number, "send-outside")
    await outside.work()
    first, second = outside.far.posts()
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert (await outside.row()).remote_id == "4711"


async def test_what_is_refused_shows_why_and_goes_again_corrected(
    outside: Any, bert: Any, make_answer: Any
) -> None:
    await outside.declare()
    said = [{"code": "400", "description": "HOWMANYD required"}]
    outside.far.says("POST", "/requests.json", make_answer(400, said), TAKEN)
    number = await lay(outside)
    await outside.work()
    assert (await outside.row()).state == "refused"
    page = await bert.see(number)
    assert "HOWMANYD required" in page
    assert "Nicht angenommen" in page
    assert (await outside.world.row(number)).unread == 1
    await bert.do(number, "text", text="Die Lampe ist dunkel.")
    await outside.work()
    assert len(outside.far.posts()) == 1, "a clerk decides when"
    await bert.do(number, "send-outside")
    await outside.work()
    assert outside.far.posts()[1].one("description").startswith("Die Lampe ist dunkel.")
    assert (await outside.row()).state == "sent"


async def test_what_is_said_while_the_line_is_broken_is_told_afterwards(
    outside: Any, bert: Any, make_answer: Any
) -> None:
    await outside.declare()
    outside.far.says("POST", "/requests.json", make_answer(503, b""), TAKEN)
    number = await lay(outside)
    start = utc_now()
    outside.at(start)
    await outside.work()
    outside.at(start + timedelta(minutes=10))
    await bert.do(number, "close", ending="not_actionable:no_defect", message="Doch nichts.")
    outside.at(start + timedelta(hours=1))
    await outside.work()
    assert len(outside.far.posts()) == 2
    (told,) = outside.far.posts("/servicerequestupdates.json")
    assert (told.one("status"), told.one("description")) == ("NO_FURTHER_ACTION", "Doch nichts.")


async def test_a_refused_case_that_goes_elsewhere_is_no_trouble_and_may_come_back(
    outside: Any, make_answer: Any
) -> None:
    await outside.declare()
    outside.far.says("POST", "/requests.json", make_answer(400, []), TAKEN)
    await lay(outside)
    await outside.work()
    assert (await outside.row()).state == "refused"
    await pass_to(outside, "nord")
    await outside.work()
    assert (await outside.row()).state == "left"
    assert await find_stuck_cases(outside.world.worker, outside.parts) == 0
    await pass_to(outside, "sued")
    await outside.work()
    assert (await outside.row()).state == "sent"


async def test_a_token_without_a_number_is_shown_after_a_day(outside: Any) -> None:
    await outside.declare()
    outside.far.says("POST", "/requests.json", [{"token": "t-1"}])
    await lay(outside)
    await outside.work()
    assert (await outside.row()).state == "token"
    sent = text("UPDATE routing.outside_case SET sent_at = now() - make_interval(hours => :ago)")
    for hours, stuck in ((23, 0), (25, 1)):
        async with outside.world.worker.begin() as unit:
            await unit.connection.execute(sent, {"ago": hours})
        assert (await find_stuck_cases(outside.world.worker, outside.parts)) == stuck


async def test_a_category_without_a_service_is_for_a_clerk(outside: Any, bert: Any) -> None:
    await outside.declare(services={"graffiti": "G"})
    number = await lay(outside)
    await outside.work()
    assert "kennt die andere Stelle keinen Dienst" in await bert.see(number)
    assert outside.far.asked == []


async def test_refused_news_is_passed_over_and_shown(
    outside: Any, bert: Any, make_answer: Any
) -> None:
    await outside.declare()
    outside.far.says("POST", "/servicerequestupdates.json", make_answer(400, []), [{}])
    number = await lay(outside)
    await outside.work()
    await bert.do(number, "text", text="Die Lampe ist dunkel.")
    await outside.work()
    assert "Weitergegeben, aber gestört" in await bert.see(number)
    await bert.do(number, "message", message="Wir bleiben dran.", public="on")
    await outside.work()
    texts = [one.one("description") for one in outside.far.posts("/servicerequestupdates.json")]
    assert len(texts) == 2
    assert texts[1] == "Wir bleiben dran."


async def test_a_crash_between_call_and_commit_sends_the_very_same_again(
    outside: Any, bert: Any
) -> None:
    await outside.declare()
    number = await lay(outside)
    (due,) = await outside.timers.claim(1)
    row = await outside.row()
    async with outside.world.worker.begin() as unit:
        job = await prepare_outside(unit, row.id, outside.parts.origin)
    await outside.parts.line.carry_out(job)
    await bert.do(number, "text", text="Erst nach dem ersten Versuch freigegeben.")

    await outside.timers.carry_out(due)
    await outside.work()

    first, second = outside.far.posts()
    assert first.fields == second.fields
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    (told,) = outside.far.posts("/servicerequestupdates.json")
    assert "Erst nach dem ersten Versuch" in told.one("description")


async def test_an_outcome_is_kept_whatever_happened_to_the_case_meanwhile(
    outside: Any, bert: Any
) -> None:
    await outside.declare()
    number = await lay(outside)
    row = await outside.row()
    async with outside.world.worker.begin() as unit:
        job = await prepare_outside(unit, row.id, outside.parts.origin)
    assert isinstance(job.step, Post)
    outcome = await outside.parts.line.carry_out(job)
    await bert.do(number, "close", ending="not_actionable:no_defect", message="Doch nichts.")
    async with outside.world.worker.begin() as unit:
        assert await note_outside_outcome(unit, job, outcome) == unit.now, "there is news to tell"
    assert (await outside.row()).remote_id == "4711"
    assert (await outside.world.row(number)).state == "not_actionable"
    await outside.work()
    (told,) = outside.far.posts("/servicerequestupdates.json")
    assert told.one("status") == "NO_FURTHER_ACTION"
