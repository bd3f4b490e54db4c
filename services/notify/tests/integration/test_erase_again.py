"""After a restore: whom the ledger names is erased again, whatever the backup knew of them."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from melder_common.erasures import NOTE_ERASURE, Erasure
from melder_notify.use_cases.answer_links import ADDRESS, CONTACT, disown_contact
from melder_notify.use_cases.erase_again import erase_again

from .test_contacts import everything_in_the_database, open_contact

pytestmark = pytest.mark.integration


async def repeat(town: Any, *noted: Erasure) -> None:
    async with town.units.begin() as unit:
        await erase_again(unit, list(noted), town.office)


async def notes(town: Any) -> list[str]:
    rows = await town.rows(f"SELECT key FROM notify.due WHERE kind = '{NOTE_ERASURE}'")
    return [row.key for row in rows]


async def state(town: Any, report_id: UUID) -> str:
    row = await town.row("SELECT state FROM notify.contact WHERE report_id = :id", id=report_id)
    return str(row.state)


@pytest.mark.parametrize(("phone", "kind"), [(None, CONTACT), ("0381 123", ADDRESS)])
async def test_what_is_erased_is_noted_for_the_ledger(
    town: Any, phone: str | None, kind: str
) -> None:
    report_id = await town.submit(phone=phone)
    assert not await notes(town)
    async with town.units.begin() as unit:
        await disown_contact(unit, await town.contact_id(report_id), town.office)
    assert await notes(town) == [f"{kind} {report_id}"]


async def test_a_contact_that_came_back_is_erased_and_gets_no_mail(town: Any) -> None:
    report_id = await town.submit()
    await repeat(town, Erasure(CONTACT, report_id))
    await town.hear(town.routed(report_id))
    await town.pass_time(seconds=1)
    assert await state(town, report_id) == "erased"
    assert not town.sink.received
    assert b"kanarienvogel" not in await everything_in_the_database(town)


async def test_of_an_address_that_came_back_the_phone_number_stays(town: Any) -> None:
    report_id = await town.submit(phone="0381 123")
    await repeat(town, Erasure(ADDRESS, report_id))
    details = await open_contact(town, report_id)
    assert (details.email, details.phone) == (None, "0381 123")
    assert await state(town, report_id) == "not_me"
    await repeat(town, Erasure(ADDRESS, report_id))


async def test_a_contact_that_the_log_brings_later_is_erased_then(town: Any) -> None:
    """The backup was made before notify had heard of the report."""
    report_id = uuid4()
    await repeat(town, Erasure(CONTACT, report_id))
    await town.pass_time(seconds=5)
    came = await town.submit(report_id=report_id)
    assert came == report_id
    await town.pass_time(seconds=5)
    assert await state(town, report_id) == "erased"
    assert not await town.rows("SELECT key FROM notify.due WHERE kind = 'erase_again'")


async def test_a_report_that_never_comes_is_given_up(town: Any) -> None:
    await repeat(town, Erasure(CONTACT, uuid4()))
    for _ in range(301):
        await town.pass_time(seconds=3)
    assert not await town.rows("SELECT key FROM notify.due WHERE kind = 'erase_again'")


async def test_foreign_lines_of_the_ledger_change_nothing(town: Any) -> None:
    report_id = await town.submit()
    await repeat(town, Erasure("photo", report_id))
    assert await state(town, report_id) == "unconfirmed"
