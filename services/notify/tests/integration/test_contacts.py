"""Contacts are sealed, sealed again, and forgotten in time."""

from typing import Any

import pytest

from melder_common.events import ReportErased
from melder_common.sealing import EnvelopeUnreadable
from melder_notify.store.contacts import find_box
from melder_notify.use_cases.answer_links import disown_contact
from melder_notify.use_cases.retire_sealing_key import retire_sealing_key

pytestmark = pytest.mark.integration

SECRETS = (b"kanarienvogel", b"spam.example", b"0381", b"/m/K7M4Q2XA/secret")


async def everything_in_the_database(town: Any) -> bytes:
    tables = await town.rows(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'notify' ORDER BY tablename"
    )
    dump = b""
    for table in tables:
        for row in await town.rows(f"SELECT * FROM notify.{table.tablename}"):
            for value in row:
                dump += value if isinstance(value, bytes) else str(value).encode()
    return dump.lower()


async def open_contact(town: Any, report_id: Any):
    async with town.units.engine.connect() as connection:
        box = await find_box(connection, await town.contact_id(report_id))
    return town.office.vault.open(box) if box else None


async def test_nothing_of_the_person_stands_in_the_clear(
    town: Any, capfd: Any, caplog: Any
) -> None:
    report_id = await town.submit(phone="0381 123")
    await town.hear(town.routed(report_id))
    await town.pass_time(seconds=1)
    await town.confirm(report_id)
    await town.hear(town.posted(report_id, "Wo?"), town.changed(report_id, "resolved"))
    await town.pass_time(seconds=1)
    assert len(town.sink.received) == 3
    logged = "".join(capfd.readouterr()) + caplog.text
    dump = await everything_in_the_database(town) + logged.lower().encode()
    assert not [secret for secret in SECRETS if secret.lower() in dump]


async def test_a_contact_is_kept_as_received_until_it_is_needed(town: Any) -> None:
    report_id = await town.submit()
    row = await town.row("SELECT key_id, wrapped_key FROM notify.contact")
    assert (row.key_id, row.wrapped_key) == ("2026-11", None)
    await town.hear(town.routed(report_id))
    await town.pass_time(seconds=1)
    row = await town.row("SELECT key_id, wrapped_key FROM notify.contact")
    assert row.key_id is None
    assert row.wrapped_key is not None
    assert (await open_contact(town, report_id)).email == "kanarienvogel@reporter.example"


async def test_a_box_moved_to_another_row_does_not_open(town: Any) -> None:
    first = await town.submit_and_confirm(number="AAAAAAAA")
    second = await town.submit_and_confirm(number="BBBBBBBB")
    async with town.units.begin() as unit:
        await unit.connection.exec_driver_sql(
            "UPDATE notify.contact a SET box = b.box, wrapped_key = b.wrapped_key "
            f"FROM notify.contact b WHERE a.report_id = '{first}' AND b.report_id = '{second}'"
        )
    with pytest.raises(EnvelopeUnreadable):
        await open_contact(town, first)


async def test_an_unconfirmed_address_is_erased_after_seven_days(town: Any) -> None:
    report_id = await town.submit()
    await town.hear(town.routed(report_id))
    await town.pass_time(seconds=1)
    await town.hear(town.posted(report_id, "Wo?"))
    await town.pass_time(days=6.9)
    assert await open_contact(town, report_id)
    await town.pass_time(days=0.2)
    row = await town.row("SELECT state, box, wrapped_key, channels FROM notify.contact")
    assert (row.state, row.box, row.wrapped_key, row.channels) == ("erased", None, None, [])
    assert ("question", "dropped") in await town.states()
    assert (await town.spoken())[-1].event.NAME == "contact.erased.v1"
    assert len(town.sink.received) == 1


async def test_a_phone_number_outlives_the_unconfirmed_address(town: Any) -> None:
    report_id = await town.submit(phone="0381 123")
    await town.hear(town.routed(report_id))
    await town.pass_time(days=8)
    await town.pass_time(days=8)
    details = await open_contact(town, report_id)
    assert (details.email, details.phone) == (None, "0381 123")
    assert "contact.erased.v1" not in [said.event.NAME for said in await town.spoken()]

    await town.hear(town.changed(report_id, "resolved"))
    await town.pass_time(days=91)
    assert await open_contact(town, report_id) is None


async def test_a_contact_is_erased_ninety_days_after_the_closing(town: Any) -> None:
    report_id = await town.submit_and_confirm()
    await town.pass_time(days=300)
    await town.hear(town.changed(report_id, "resolved", message="Frau Muster hat geholfen."))
    await town.pass_time(seconds=1)
    await town.pass_time(days=89)
    assert await open_contact(town, report_id)
    await town.pass_time(days=2)
    assert await open_contact(town, report_id) is None
    assert b"muster" not in await everything_in_the_database(town)


async def test_an_erased_report_forgets_its_contact_and_words(town: Any) -> None:
    report_id = await town.submit_and_confirm()
    await town.hear(town.posted(report_id, "Frau Muster fragt."))
    await town.hear(ReportErased(report_id=report_id, cause="request"))
    await town.pass_time(seconds=1)
    assert town.sink.received == []
    assert await open_contact(town, report_id) is None
    assert b"muster" not in await everything_in_the_database(town)
    assert (await town.spoken())[-1].event.NAME == "contact.erased.v1"


async def test_erasing_twice_says_it_once(town: Any) -> None:
    report_id = await town.submit_and_confirm()
    for _ in range(2):
        await town.hear(ReportErased(report_id=report_id, cause="request"))
    names = [said.event.NAME for said in await town.spoken()]
    assert names.count("contact.erased.v1") == 1


async def test_who_was_not_the_reporter_is_forgotten_at_once(town: Any) -> None:
    report_id = await town.submit()
    await town.hear(town.routed(report_id))
    await town.pass_time(seconds=1)
    async with town.units.begin() as unit:
        await disown_contact(unit, await town.contact_id(report_id), town.office)
    row = await town.row("SELECT state, box FROM notify.contact")
    assert (row.state, row.box) == ("not_me", None)
    await town.hear(town.changed(report_id, "resolved"))
    await town.pass_time(days=1)
    assert len(town.sink.received) == 1


async def retire(town: Any, known: set[str]) -> str | None:
    async with town.units.begin() as unit:
        return await retire_sealing_key(unit, "2026-11", known, town.office.vault)


async def test_a_key_is_kept_while_it_is_needed(town: Any) -> None:
    report_id = await town.submit(email=None, phone="0381 123")
    assert "newest" in await retire(town, {"2026-11"})
    assert "2026-12-15" in await retire(town, {"2026-11", "2026-12"})
    await town.pass_time(days=30)
    assert await retire(town, {"2026-11", "2026-12"}) is None
    row = await town.row("SELECT key_id FROM notify.contact")
    assert row.key_id is None
    assert (await open_contact(town, report_id)).phone == "0381 123"


async def test_a_dead_letter_keeps_its_key(town: Any) -> None:
    from melder_common.envelope import seal_envelope

    await town.submit()
    event = town.heard[-1]
    envelope = seal_envelope(
        event.event,
        event_id=event.event_id,
        aggregate_id=event.aggregate_id,
        report_id=event.report_id,
        partition=1,
        occurred_at=town.now,
        seen={},
        trace=None,
    )
    async with town.units.begin() as unit:
        await unit.connection.execute(
            town.units.tables.dead_letter.insert().values(
                speaker="intake",
                partition=1,
                position=1,
                aggregate_id=event.aggregate_id,
                name=event.event.NAME,
                envelope=envelope,
                reason="test",
            )
        )
    await town.pass_time(days=30)
    assert "1 dead letters need it" in await retire(town, {"2026-11", "2026-12"})
