"""Accepting: one transaction, once, whatever happens to the connection."""

import asyncio
import random
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from melder_common.envelope import open_envelope
from melder_common.event_values import Place
from melder_common.events import ReportSubmitted
from melder_common.group_commit import GroupCommit
from melder_common.idempotency import KeyReused
from melder_common.ids import new_id
from melder_intake.domain.submission import Contact, Identity, PhotoFile, Submission
from melder_intake.http.acceptance import mint_identity, send_report
from melder_intake.parts import Parts
from melder_intake.use_cases.accept_report import SPOOLED, Sending, accept_reports

SUBMISSION = Submission(
    source="web",
    category="road-pothole",
    place=Place(lat=54.0887, long=12.1405, address="Lange Straße 1, Tel. 0381 1234567"),
    description="Tiefes Loch",
    contact=Contact(name="Anna", email="anna@example.org", account="app-7"),
)


def with_changed(parts: Parts, units: Any = None, **acceptance: Any) -> Parts:
    """The parts, but accepting works with something else."""
    changed = replace(parts.acceptance, **acceptance)
    write = partial(accept_reports, acceptance=changed)
    return replace(parts, accepting=GroupCommit(units or parts.units, write))


def sending(category: Any, key: str | None = None) -> Sending:
    """One that was never sent before."""
    return Sending(SUBMISSION, mint_identity("web", key), category.policy)


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
            await accept_reports(unit, [sending(category, "key")], stack.parts.acceptance)
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
    parts = with_changed(stack.parts, chance=chance)
    first = await send_report(parts, SUBMISSION, category, mint_identity("web", None))
    second = await send_report(parts, SUBMISSION, category, mint_identity("web", None))
    assert first.number.startswith("AAAAAAA")
    assert second.number.startswith("BBBBBBB")


async def test_a_number_drawn_twice_in_one_transaction_is_tried_again(
    stack: Any, category: Any
) -> None:
    chance = _Numbers("AAAAAAA" * 2 + "BBBBBBB")
    acceptance = replace(stack.parts.acceptance, chance=chance)
    sendings = [sending(category), sending(category)]
    async with stack.units.begin() as unit:
        done = await accept_reports(unit, sendings, acceptance)
    assert [one.report_id for one in done] == [one.report_id for one in sendings]
    assert sorted(one.number[:7] for one in done) == ["AAAAAAA", "BBBBBBB"]
    assert await stack.count("public_report") == len(await stack.spoken(ReportSubmitted)) == 2


async def test_many_together_are_answered_each_with_its_own(stack: Any, category: Any) -> None:
    sent = [replace(SUBMISSION, description=f"Loch {number}") for number in range(30)]
    identities = [mint_identity("web", f"key-{number // 2}") for number in range(30)]
    done = await asyncio.gather(
        *(
            send_report(stack.parts, one, category, identity)
            for one, identity in zip(sent, identities, strict=True)
        ),
        return_exceptions=True,
    )
    # every key came twice, with other content: one of each pair is taken
    taken = [one for one in done if not isinstance(one, BaseException)]
    assert [type(one) for one in done if isinstance(one, BaseException)] == [KeyReused] * 15
    said = {one.report_id: one for one in await stack.spoken(ReportSubmitted)}
    assert {one.report_id: one.number for one in taken} == {
        report_id: one.number for report_id, one in said.items()
    }
    for submission, one in zip(sent, done, strict=True):
        if not isinstance(one, BaseException):
            assert said[one.report_id].description == submission.description
            assert not one.repeated
    assert await stack.count("report") == await stack.count("public_report") == 15


async def test_sent_together_once_more_nothing_is_new(stack: Any, category: Any) -> None:
    acceptance = stack.parts.acceptance
    sendings = [sending(category), sending(category, "key"), sending(category)]
    async with stack.units.begin() as unit:
        first = await accept_reports(unit, sendings[:2], acceptance)
    async with stack.units.begin() as unit:
        second = await accept_reports(unit, sendings, acceptance)
    assert [one.repeated for one in second] == [True, True, False]
    assert [one.number for one in second[:2]] == [one.number for one in first]
    assert await stack.count("report") == len(await stack.spoken(ReportSubmitted)) == 3


async def test_each_goes_on_with_its_own_trace(stack: Any, category: Any) -> None:
    traces = [f"00-{number:032x}-00000000000000aa-01" for number in (1, 2)]
    sendings = [replace(sending(category), trace=trace) for trace in traces]
    async with stack.units.begin() as unit:
        await accept_reports(unit, sendings, stack.parts.acceptance)
    async with stack.units.engine.connect() as connection:
        rows = await connection.execute(text("SELECT envelope FROM intake.outbox ORDER BY id"))
        heard = [open_envelope(bytes(row.envelope), position=1) for row in rows]
    assert [one.trace for one in heard] == traces


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
    parts = with_changed(stack.parts, units)
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
    parts = with_changed(stack.parts, spool_bytes=150)
    files = tuple(PhotoFile(new_id(), "image/jpeg", b"x" * 100) for _ in range(3))
    done = await send_report(
        parts, replace(SUBMISSION, files=files), category, mint_identity("web", None)
    )
    assert done.photos_lost == 2
    assert await stack.count("report") == 1
    assert await stack.count("spooled_photo") == 1


async def test_a_submitted_report_cannot_be_changed(stack: Any, category: Any) -> None:
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
