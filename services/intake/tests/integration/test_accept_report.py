"""Accepting: one transaction, once, whatever happens to the connection."""

import asyncio
import random
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from melder_common.event_values import Place
from melder_common.events import ReportSubmitted
from melder_common.idempotency import KeyReused
from melder_common.ids import new_id
from melder_intake.domain.submission import Contact, Identity, PhotoFile, Submission
from melder_intake.http.acceptance import mint_identity, send_report
from melder_intake.use_cases.accept_report import SPOOLED, accept_report

SUBMISSION = Submission(
    source="web",
    category="road-pothole",
    place=Place(lat=54.0887, long=12.1405, address="Lange Straße 1, Tel. 0381 1234567"),
    description="Tiefes Loch",
    contact=Contact(name="Anna", email="anna@example.org", account="app-7"),
)


@pytest.fixture
async def category(stack: Any) -> Any:
    reception = await stack.parts.reception.get()
    return reception.catalogue.categories["road-pothole"]


async def test_report_view_and_event_are_one_commit(stack: Any, category: Any) -> None:
    done = await send_report(stack.parts, SUBMISSION, category, mint_identity("web", None))
    (said,) = await stack.spoken(ReportSubmitted)
    assert (said.report_id, said.number) == (done.report_id, done.number)
    assert said.channels == ("email",)
    assert await stack.count("report") == await stack.count("public_report") == 1


async def test_a_failure_leaves_nothing_behind(stack: Any, category: Any) -> None:
    async def accept_and_fail() -> None:
        async with stack.units.begin() as unit:
            await accept_report(
                unit,
                SUBMISSION,
                mint_identity("web", "key"),
                policy=category.policy,
                acceptance=stack.parts.acceptance,
            )
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await accept_and_fail()
    for table in ("report", "public_report", "outbox", "idempotency_key"):
        assert await stack.count(table) == 0


async def test_the_contact_leaves_only_sealed(stack: Any, category: Any) -> None:
    done = await send_report(stack.parts, SUBMISSION, category, mint_identity("web", None))
    (said,) = await stack.spoken(ReportSubmitted)
    inside = stack.unseal(said.contact.box)
    assert inside["email"] == "anna@example.org"
    assert inside["number"] == done.number
    token = stack.parts.acceptance.tracking_token(done.report_id)
    assert inside["tracking_url"].endswith(f"/m/{done.number}/{token}")
    open_part = said.model_copy(update={"contact": None}).model_dump_json()
    assert "anna" not in open_part.lower()
    assert token not in open_part


async def test_no_contact_no_envelope(stack: Any, category: Any) -> None:
    plain = replace(SUBMISSION, contact=Contact())
    await send_report(stack.parts, plain, category, mint_identity("web", None))
    (said,) = await stack.spoken(ReportSubmitted)
    assert said.contact is None
    assert said.channels == ()


async def test_twins_at_the_same_moment_are_one_report(stack: Any, category: Any) -> None:
    sendings = [
        send_report(stack.parts, SUBMISSION, category, mint_identity("web", "one-key"))
        for _ in range(5)
    ]
    done = await asyncio.gather(*sendings)
    assert len({one.number for one in done}) == 1
    assert sorted(one.repeated for one in done) == [False, True, True, True, True]
    assert await stack.count("report") == 1
    assert len(await stack.spoken(ReportSubmitted)) == 1


async def test_the_same_key_for_something_else_is_refused(stack: Any, category: Any) -> None:
    await send_report(stack.parts, SUBMISSION, category, mint_identity("web", "one-key"))
    other = replace(SUBMISSION, description="Etwas anderes")
    with pytest.raises(KeyReused):
        await send_report(stack.parts, other, category, mint_identity("web", "one-key"))
    assert await stack.count("report") == 1


async def test_another_scope_may_use_the_same_key(stack: Any, category: Any) -> None:
    await send_report(stack.parts, SUBMISSION, category, mint_identity("web", "key"))
    await send_report(stack.parts, SUBMISSION, category, mint_identity("open311:x", "key"))
    assert await stack.count("report") == 2


class _Numbers(random.Random):
    """Gives the same number twice, then others."""

    def __init__(self, symbols: Any) -> None:
        super().__init__()
        self._symbols = iter(symbols)

    def choice(self, _options: Any) -> Any:
        return next(self._symbols)


async def test_a_taken_number_is_tried_again(stack: Any, category: Any) -> None:
    chance = _Numbers("AAAAAAA" * 2 + "BBBBBBB")
    parts = replace(stack.parts, acceptance=replace(stack.parts.acceptance, chance=chance))
    first = await send_report(parts, SUBMISSION, category, mint_identity("web", None))
    second = await send_report(parts, SUBMISSION, category, mint_identity("web", None))
    assert first.number.startswith("AAAAAAA")
    assert second.number.startswith("BBBBBBB")


class _LosesConnection:
    """Units of work whose first commit happens, but whose answer is lost."""

    def __init__(self, units: Any) -> None:
        self._units = units
        self.tries = 0

    def begin(self) -> Any:
        self.tries += 1
        return _LostAfterCommit(self._units) if self.tries == 1 else self._units.begin()


class _LostAfterCommit:
    def __init__(self, units: Any) -> None:
        self._unit = units.begin()

    async def __aenter__(self) -> Any:
        return await self._unit.__aenter__()

    async def __aexit__(self, *error: object) -> None:
        await self._unit.__aexit__(*error)
        if error[0] is None:
            raise DBAPIError("COMMIT", {}, ConnectionResetError(), connection_invalidated=True)


@pytest.mark.parametrize("key", [None, "one-key"])
async def test_a_commit_whose_answer_was_lost_is_found_again(
    stack: Any, category: Any, key: Any
) -> None:
    units = _LosesConnection(stack.units)
    parts = replace(stack.parts, units=units)
    done = await send_report(parts, SUBMISSION, category, mint_identity("web", key))
    assert units.tries == 2
    assert done.repeated
    assert await stack.count("report") == 1
    assert len(await stack.spoken(ReportSubmitted)) == 1


async def test_files_are_spooled_in_pieces_and_planned(stack: Any, category: Any) -> None:
    file = PhotoFile(new_id(), "image/jpeg", bytes(range(256)) * 10_000)
    done = await send_report(
        stack.parts, replace(SUBMISSION, files=(file,)), category, mint_identity("web", None)
    )
    (said,) = await stack.spoken(ReportSubmitted)
    assert [(claim.photo_id, claim.upload_token) for claim in said.photos] == [
        (file.photo_id, SPOOLED)
    ]
    assert done.photos_lost == 0
    assert await stack.count("photo_spool") == 3
    assert await stack.count("due") == 1


async def test_a_full_spool_keeps_the_report_and_says_so(stack: Any, category: Any) -> None:
    acceptance = replace(stack.parts.acceptance, spool_bytes=150)
    parts = replace(stack.parts, acceptance=acceptance)
    files = tuple(PhotoFile(new_id(), "image/jpeg", b"x" * 100) for _ in range(3))
    done = await send_report(
        parts, replace(SUBMISSION, files=files), category, mint_identity("web", None)
    )
    assert done.photos_lost == 2
    assert await stack.count("report") == 1
    assert await stack.count("spooled_photo") == 1


async def test_a_submitted_report_cannot_be_changed(stack: Any, category: Any) -> None:
    from sqlalchemy import text

    await send_report(stack.parts, SUBMISSION, category, mint_identity("web", None))
    with pytest.raises(DBAPIError, match="immutable"):
        async with stack.units.begin() as unit:
            await unit.connection.execute(text("UPDATE intake.report SET description = 'x'"))
    with pytest.raises(DBAPIError, match="immutable"):
        async with stack.units.begin() as unit:
            await unit.connection.execute(text("DELETE FROM intake.report"))


async def test_identity_is_minted_before_the_first_try() -> None:
    first, second = mint_identity("web", None), mint_identity("web", None)
    assert isinstance(first, Identity)
    assert first.report_id != second.report_id
