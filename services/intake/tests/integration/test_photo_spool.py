"""Files on their way to media: nothing is lost while it is away, nothing is sent in vain."""

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from melder_common.event_values import Place
from melder_common.ids import new_id
from melder_common.timer_runner import Timers
from melder_common.timers import Due
from melder_intake.domain.submission import PhotoFile, Submission
from melder_intake.http.acceptance import mint_identity, send_report
from melder_intake.parts import Parts
from melder_intake.store import reports
from melder_intake.store.media import Media
from melder_intake.store.tables import public_photo
from melder_intake.timers import HANDLERS, find_unrouted, forget_old_drafts
from melder_intake.use_cases.keep_draft_photo import keep_draft_photo

CONTENT = bytes(range(256)) * 10_000

Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
async def photo(stack: Any) -> PhotoFile:
    """A file that came with a report."""
    file = PhotoFile(new_id(), "image/jpeg", CONTENT)
    submission = Submission(
        source="open311",
        category="road-pothole",
        place=Place(lat=54.1, long=12.1),
        description="",
        files=(file,),
    )
    reception = await stack.parts.reception.get()
    category = reception.catalogue.categories["road-pothole"]
    await send_report(stack.parts, submission, category, mint_identity("test", None))
    return file


def parts_with(stack: Any, answer: Answer) -> Parts:
    client = httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://media")
    parts: Parts = replace(stack.parts, media=Media(client))
    return parts


async def carry_out(stack: Any, parts: Parts, *, hours: int = 1) -> list[Due]:
    """What the timers' loop does once, so many hours from now."""
    later = replace_clock(stack, timedelta(hours=hours))
    timers = Timers(later, HANDLERS, parts, holder="test")
    claimed = await timers.claim(10)
    for due in claimed:
        await timers.carry_out(due)
    return claimed


def replace_clock(stack: Any, later: timedelta) -> Any:
    units = copy(stack.units)
    units.clock = lambda: stack.units.clock() + later
    return units


async def test_media_gets_the_file_and_the_spool_is_free(stack: Any, photo: PhotoFile) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"upload_token": "own-token"})

    assert len(await carry_out(stack, parts_with(stack, answer))) == 1
    (request,) = asked
    assert (request.method, request.url.path) == ("PUT", f"/internal/photos/{photo.photo_id}")
    assert request.content == CONTENT
    assert request.headers["content-type"] == "image/jpeg"
    report_id = UUID(request.headers["x-report-id"])
    async with stack.units.engine.connect() as connection:
        assert await reports.list_own_photos(connection, report_id) == [
            (photo.photo_id, "own-token")
        ]
    for table in ("spooled_photo", "photo_spool", "due"):
        assert await stack.count(table) == 0


@pytest.mark.parametrize("failure", ["refused", "500", "slow"])
async def test_while_media_is_away_the_file_stays(
    stack: Any, photo: PhotoFile, failure: str
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if failure == "refused":
            raise httpx.ConnectError("refused", request=request)
        if failure == "slow":
            raise httpx.ReadTimeout("slow", request=request)
        return httpx.Response(500)

    parts = parts_with(stack, answer)
    for hours in (1, 2):
        await carry_out(stack, parts, hours=hours)
    assert await stack.count("due") == 1
    assert await stack.count("photo_spool") == 3
    back = parts_with(stack, lambda _request: httpx.Response(200, json={}))
    await carry_out(stack, back, hours=3)
    assert await stack.count("spooled_photo") == await stack.count("due") == 0
    assert photo.photo_id


async def test_a_file_that_media_refuses_is_given_up(stack: Any, photo: PhotoFile) -> None:
    await carry_out(stack, parts_with(stack, lambda _request: httpx.Response(415)))
    assert await stack.count("spooled_photo") == await stack.count("due") == 0
    async with stack.units.engine.connect() as connection:
        found = (await connection.execute(select(public_photo))).one()
    assert (found.photo_id, found.state) == (photo.photo_id, "rejected")


async def test_a_timer_without_its_file_is_settled(stack: Any) -> None:
    async with stack.units.begin() as unit:
        await unit.plan("forward_spooled_photo", str(new_id()), at=unit.now)

    def answer(_request: httpx.Request) -> httpx.Response:
        raise AssertionError("there is nothing to send")

    await carry_out(stack, parts_with(stack, answer))
    assert await stack.count("due") == 0


async def test_drafts_go_after_a_day(stack: Any) -> None:
    async with stack.units.begin() as unit:
        file = PhotoFile(new_id(), "image/jpeg", b"x")
        assert await keep_draft_photo(unit, file, spool_bytes=1000)
        other = PhotoFile(new_id(), "image/jpeg", b"x" * 1000)
        assert not await keep_draft_photo(unit, other, spool_bytes=1000)
    assert await forget_old_drafts(stack.units, stack.parts) == 0
    tomorrow = replace_clock(stack, timedelta(hours=25))
    assert await forget_old_drafts(tomorrow, stack.parts) == 1
    assert await stack.count("photo_spool") == 0


async def test_reports_without_a_case_are_counted_after_a_minute(
    stack: Any, photo: PhotoFile
) -> None:
    assert await find_unrouted(stack.units, stack.parts) == 0
    later = replace_clock(stack, timedelta(minutes=2))
    assert await find_unrouted(later, stack.parts) == 1
    assert photo
