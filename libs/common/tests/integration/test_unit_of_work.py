"""The unit of work: change, events and timers are one commit; what was seen is said."""

from uuid import uuid4

import pytest

from melder_common.envelope import EventTooLarge, open_envelope
from melder_common.events import CataloguePublished, ContactErased, ReportCommented, ReportSupported
from melder_common.partitions import partition_of
from melder_common.testing.event_schemas import EventWorld

pytestmark = pytest.mark.integration


async def test_events_leave_with_the_commit_and_not_without(events: EventWorld) -> None:
    units, report = events.units("intake"), uuid4()

    async def say_and_fail() -> None:
        async with units.begin() as unit:
            unit.record(ReportSupported(report_id=report, supporters=1), aggregate_id=report)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await say_and_fail()
    assert not units.wakeup.outbox.is_set()
    assert await events.fetch("SELECT 1 FROM intake.outbox") == []

    async with units.begin() as unit:
        event_id = unit.record(ReportSupported(report_id=report, supporters=1), aggregate_id=report)
    assert units.wakeup.outbox.is_set()
    (row,) = await events.fetch("SELECT name, position, envelope FROM intake.outbox")
    heard = open_envelope(row.envelope, position=1)
    assert (row.name, row.position) == ("report.supported.v1", None)
    assert (heard.event_id, heard.aggregate_id, heard.occurred_at) == (event_id, report, unit.now)


async def test_a_reports_events_share_a_partition_whoever_speaks_and_the_catalogue_has_its_own(
    events: EventWorld,
) -> None:
    report = uuid4()
    async with events.units("intake", partitions=8).begin() as unit:
        unit.record(ReportSupported(report_id=report, supporters=1), aggregate_id=report)
    async with events.units("routing", partitions=8).begin() as unit:
        published = CataloguePublished(
            version=1,
            region="r",
            name="R",
            jurisdiction_id="r.example",
            bodies=0,
            categories=0,
            digest="",
        )
        unit.record(published, aggregate_id=uuid4())
    (mine,) = await events.fetch("SELECT partition FROM intake.outbox")
    (catalogue,) = await events.fetch("SELECT partition FROM routing.outbox")
    assert mine.partition == partition_of(report, 8)
    assert catalogue.partition == 0


async def test_the_writers_own_cursors_of_its_partition_and_the_catalogue_are_said(
    events: EventWorld,
) -> None:
    await events.execute(
        "INSERT INTO intake.cursor (speaker, partition, position) VALUES "
        "('routing', 0, 5), ('routing', 1, 7), ('media', 1, 0), ('media', 2, 9)"
    )
    report = uuid4()
    async with events.units("intake").begin() as unit:
        unit.record(ReportSupported(report_id=report, supporters=1), aggregate_id=report)
    (row,) = await events.fetch("SELECT envelope FROM intake.outbox")
    assert open_envelope(row.envelope, position=1).seen == {"routing/0": 5, "routing/1": 7}


async def test_nobody_speaks_for_somebody_else(events: EventWorld) -> None:
    async with events.units("intake").begin() as unit:
        with pytest.raises(ValueError, match="notify"):
            unit.record(ContactErased(contact_id=uuid4(), report_id=uuid4()), aggregate_id=uuid4())


async def test_an_event_that_would_not_travel_is_refused_with_all_its_unit(
    events: EventWorld,
) -> None:
    units, report = events.units("intake"), uuid4()

    async def say_too_much() -> None:
        async with units.begin() as unit:
            said = ReportCommented(
                report_id=report, comment_id=uuid4(), text="x" * 1_000_001, written_at=unit.now
            )
            unit.record(said, aggregate_id=report)

    with pytest.raises(EventTooLarge, match="bytes"):
        await say_too_much()
    assert await events.fetch("SELECT 1 FROM intake.outbox") == []
