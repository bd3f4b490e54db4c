"""The public view follows what others say, in order, twice without harm, and obeys the policy."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from melder_common.event_values import (
    BodyRef,
    CaseState,
    CategoryRef,
    Place,
    PublicationPolicy,
    Rendition,
)
from melder_common.events import (
    CaseHandedOver,
    CaseMerged,
    CaseMessagePosted,
    CaseRecategorised,
    CaseRelocated,
    CaseRouted,
    CaseSnapshot,
    CaseStatusChanged,
    CaseTextRedacted,
    CaseTextReleased,
    PhotoDeleted,
    PhotoReady,
    PhotoRedacted,
    PhotoRejected,
    PhotoReleased,
    PhotoSnapshot,
    ReportErased,
    ReportSnapshot,
)
from melder_common.ids import new_id
from melder_intake.domain.publication import PublicReport
from melder_intake.domain.submission import Accepted, Submission
from melder_intake.http.acceptance import mint_identity, send_report
from melder_intake.store import public_reading
from melder_intake.use_cases.erase_report import erase_report
from melder_intake.use_cases.learn_catalogue import CatalogueIncomplete
from melder_intake.use_cases.rebuild_public_view import rebuild_public_view
from melder_intake.use_cases.speak_report_snapshots import speak_report_snapshots

ROSTOCK = BodyRef(slug="rostock", name="Rostock")
KREIS = BodyRef(slug="landkreis-rostock", name="Landkreis Rostock")
PLACE = Place(lat=54.0887, long=12.1405, address="Lange Straße 1")
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
FULL = (Rendition(name="full", width=1600, height=1200),)


@pytest.fixture
async def report(stack: Any) -> Accepted:
    reception = await stack.parts.reception.get()
    submission = Submission(source="web", category="road-pothole", place=PLACE, description="Loch")
    category = reception.catalogue.categories["road-pothole"]
    return await send_report(stack.parts, submission, category, mint_identity("web", None))


@pytest.fixture
def case(report: Accepted) -> dict[str, Any]:
    return {"case_id": new_id(), "report_id": report.report_id}


@pytest.fixture
def see(stack: Any, report: Accepted) -> Callable[[], Awaitable[PublicReport]]:
    async def read() -> PublicReport:
        async with stack.units.engine.connect() as connection:
            found = await public_reading.find_public_report(connection, report.number)
        assert found is not None
        return found

    return read


@pytest.fixture
def history(stack: Any, report: Accepted) -> Callable[[], Awaitable[list[Any]]]:
    async def read() -> list[Any]:
        async with stack.units.engine.connect() as connection:
            found = await public_reading.find_public_report(connection, report.number)
            assert found is not None
            return await public_reading.list_timeline(connection, found)

    return read


def routed(case: dict[str, Any], report: Accepted, **changes: Any) -> CaseRouted:
    facts: dict[str, Any] = {
        "number": report.number,
        "status": "decided",
        "responsible": ROSTOCK,
        "working": ROSTOCK,
        "municipality": "Rostock",
        "reason": {"de": "Nach unseren Daten zuständig ist Rostock."},
        "category": CategoryRef(slug="road-pothole", name={"de": "Schlagloch"}),
        "place": PLACE,
        "policy": PublicationPolicy(),
        "boundary_version": "2026",
    }
    return CaseRouted(**(case | facts | changes))


def status(case: dict[str, Any], state: CaseState, at: datetime = AT, **changes: Any) -> Any:
    facts = {"previous": CaseState.RECEIVED, "body": ROSTOCK, "changed_at": at}
    return CaseStatusChanged(**(case | facts | {"state": state} | changes))


async def test_before_routing_the_report_is_there(see: Any, report: Accepted) -> None:
    found = await see()
    assert (found.number, found.state) == (report.number, CaseState.RECEIVED)
    assert (found.responsible, found.text, found.municipality) == (None, None, None)


async def test_a_whole_life(see: Any, hear: Any, case: Any, report: Any, history: Any) -> None:
    later = AT + timedelta(days=2)
    await hear(
        routed(case, report),
        status(case, CaseState.ACCEPTED),
        CaseTextReleased(**case, text="Loch, Tel. 0381 1234567"),
        status(case, CaseState.RESOLVED, later, message="Gefüllt. a@b.de"),
    )
    found = await see()
    assert (found.state, found.responsible, found.closed_at) == ("resolved", ROSTOCK, later)
    assert found.text == "Loch, Tel. […]"
    lines = await history()
    assert [line.state for line in lines if line.kind == "status"] == [
        "received", "accepted", "resolved",
    ]  # fmt: skip
    assert [line.body_name for line in lines if line.kind == "routed"] == ["Rostock"]
    assert [line.text for line in await history() if line.text] == ["Gefüllt. […]"]


async def test_hearing_twice_changes_nothing(
    see: Any, hear: Any, case: Any, report: Any, history: Any
) -> None:
    events = (
        routed(case, report),
        status(case, CaseState.ACCEPTED),
        CaseTextReleased(**case, text="Loch"),
    )
    await hear(*events, at=AT)
    once, then = await see(), await history()
    await hear(*events, at=AT)
    assert (await see(), await history()) == (once, then)


async def test_reopening_takes_the_closing_back(
    see: Any, hear: Any, case: Any, report: Any
) -> None:
    await hear(routed(case, report), status(case, CaseState.RESOLVED))
    await hear(status(case, CaseState.IN_PROGRESS, AT + timedelta(days=1)))
    found = await see()
    assert (found.closed, found.closed_at) == (False, None)


async def test_a_release_at_once_is_no_review(see: Any, hear: Any, case: Any, report: Any) -> None:
    policy = PublicationPolicy(text="at_once", place="after_review")
    await hear(routed(case, report, policy=policy), CaseTextReleased(**case, text="Loch"))
    assert (await see()).place is None
    await hear(CaseTextRedacted(**case, text="Ein Loch"))
    found = await see()
    assert found.text == "Ein Loch"
    assert found.place is not None


async def test_a_clerks_release_is_a_review(see: Any, hear: Any, case: Any, report: Any) -> None:
    policy = PublicationPolicy(text="after_review", place="after_review")
    await hear(routed(case, report, policy=policy))
    assert (await see()).place is None
    await hear(CaseTextReleased(**case, text="Loch"))
    assert (await see()).place is not None


async def test_a_text_can_be_taken_back(see: Any, hear: Any, case: Any, report: Any) -> None:
    await hear(routed(case, report), CaseTextReleased(**case, text="Loch"))
    await hear(CaseTextRedacted(**case, text=None))
    assert (await see()).text is None


async def test_a_stricter_category_hides_at_once(
    see: Any, hear: Any, case: Any, report: Any
) -> None:
    never = PublicationPolicy(text="never", photo="never", place="never")
    await hear(routed(case, report), CaseTextReleased(**case, text="Loch"))
    await hear(
        CaseRecategorised(
            **case,
            category=CategoryRef(slug="waste-needles", name={"de": "Spritzen"}),
            policy=never,
        )
    )
    found = await see()
    assert (found.category, found.text, found.place, found.reason) == (
        "waste-needles", None, None, {},
    )  # fmt: skip


async def test_hand_over(see: Any, hear: Any, case: Any, report: Any, history: Any) -> None:
    def step(name: str) -> CaseHandedOver:
        return CaseHandedOver(
            **case, step=name, sender=ROSTOCK, receiver=KREIS, reason="…", changed_at=AT
        )

    await hear(routed(case, report), step("proposed"))
    found = await see()
    assert (found.responsible, found.asked) == (ROSTOCK, KREIS)
    await hear(step("returned"))
    assert (await see()).asked is None
    await hear(step("proposed"), step("accepted"))
    found = await see()
    assert (found.responsible, found.working, found.asked) == (KREIS, KREIS, None)
    assert [line.body_name for line in await history() if line.kind == "handover"] == [KREIS.name]


async def test_a_moved_pin(see: Any, hear: Any, case: Any, report: Any) -> None:
    await hear(routed(case, report))
    await hear(CaseRelocated(**case, place=Place(lat=54.1, long=12.2), municipality="Broderstorf"))
    found = await see()
    assert (found.place.lat, found.place.address) == (54.1, None)
    assert found.municipality == "Broderstorf"


async def test_merging_and_splitting(see: Any, hear: Any, case: Any, report: Any) -> None:
    merged = CaseMerged(**case, into_case_id=new_id(), into_report_id=report.report_id)
    await hear(routed(case, report), merged)
    assert (await see()).duplicate_of == report.number
    await hear(merged.model_copy(update={"undone": True}))
    assert (await see()).duplicate_of is None


async def test_photos_are_public_only_while_released(
    see: Any, hear: Any, case: Any, report: Any
) -> None:
    photo = {"photo_id": new_id(), "report_id": report.report_id}
    await hear(routed(case, report))
    await hear(PhotoReady(**photo, renditions=FULL))
    assert (await see()).photos == ()
    await hear(PhotoReleased(**photo, renditions=FULL))
    (shown,) = (await see()).photos
    assert shown.renditions == FULL
    blurred = (Rendition(name="full", width=800, height=600),)
    await hear(PhotoRedacted(**photo, hidden=False, renditions=blurred))
    assert (await see()).photos[0].renditions == blurred
    await hear(PhotoRedacted(**photo, hidden=True))
    assert (await see()).photos == ()
    await hear(PhotoReleased(**photo, renditions=FULL), PhotoDeleted(**photo))
    assert (await see()).photos == ()


async def test_a_rejected_photo_nobody_knows_is_no_harm(hear: Any, see: Any) -> None:
    await hear(PhotoRejected(photo_id=new_id(), reason="unknown_photo"))
    assert (await see()).photos == ()


async def test_only_public_messages_join_the_history(
    hear: Any, case: Any, report: Any, history: Any
) -> None:
    facts = {"kind": "note", "body": ROSTOCK, "posted_at": AT}
    await hear(
        routed(case, report),
        CaseMessagePosted(**case, **facts, message_id=new_id(), text="geheim"),
        CaseMessagePosted(
            **case, **facts, message_id=new_id(), text="Sperrung, Tel. 0381 1234567", public=True
        ),
    )
    assert [line.text for line in await history() if line.kind == "message"] == [
        "Sperrung, Tel. […]"
    ]


async def test_erasing_leaves_no_word(
    see: Any, hear: Any, case: Any, report: Any, stack: Any, history: Any
) -> None:
    await hear(
        routed(case, report),
        CaseTextReleased(**case, text="KANARIE im Text"),
        status(case, CaseState.RESOLVED, message="KANARIE im Verlauf"),
        CaseMessagePosted(
            **case, kind="question", body=ROSTOCK, posted_at=AT, message_id=new_id(),
            text="KANARIE in der Frage", public=True,
        ),
    )  # fmt: skip
    async with stack.units.begin() as unit:
        assert await erase_report(unit, report.report_id, cause="request")
    async with stack.units.begin() as unit:
        assert not await erase_report(unit, report.report_id, cause="request")
    assert len(await stack.spoken(ReportErased)) == 1
    found = await see()
    assert found.erased
    assert (found.state, found.responsible) == (CaseState.RESOLVED, ROSTOCK)
    async with stack.units.engine.connect() as connection:
        for table in ("report", "public_report", "timeline_entry", "message", "comment"):
            rows = await connection.execute(text(f"SELECT * FROM intake.{table}"))
            said = str(rows.all())
            assert "KANARIE" not in said, table
            assert "Lange Straße" not in said, table
            assert "54.0887" not in said, table


async def test_rebuilding_gives_the_same_view(
    see: Any, hear: Any, case: Any, report: Any, stack: Any, history: Any
) -> None:
    photo = {"photo_id": new_id(), "report_id": report.report_id}
    accepted = status(case, CaseState.ACCEPTED)
    closed = status(case, CaseState.RESOLVED, AT + timedelta(days=1), message="Fertig")
    first = routed(case, report, usual_days=4.0, border=True, border_distance_m=30.0)
    await hear(first, at=AT - timedelta(hours=1))
    await hear(CaseTextReleased(**case, text="Loch"), at=AT - timedelta(minutes=30))
    await hear(PhotoReleased(**photo, renditions=FULL), at=AT)
    await hear(accepted, closed)
    before, then = await see(), await history()
    async with stack.units.begin() as unit:
        await rebuild_public_view(unit)
    assert (await see()).place is None
    await hear(
        CaseSnapshot(
            **first.model_dump(),
            state=CaseState.RESOLVED,
            public_text="Loch",
            changed_at=closed.changed_at,
            opened_at=AT - timedelta(hours=1),
            timeline=(accepted, closed),
        ),
        PhotoSnapshot(**photo, state="released", renditions=FULL),
        at=AT,
    )
    assert await see() == before
    assert await history() == then


async def test_reports_can_be_said_anew_without_their_contact(stack: Any, report: Accepted) -> None:
    async with stack.units.begin() as unit:
        last = await speak_report_snapshots(unit, None, 10)
        assert await speak_report_snapshots(unit, last, 10) is None
    assert last == str(report.report_id)
    (said,) = await stack.spoken(ReportSnapshot)
    assert (said.number, said.place, said.description) == (report.number, PLACE, "Loch")
    assert said.contact is None
    async with stack.units.begin() as unit:
        await erase_report(unit, report.report_id, cause="retention")
        await speak_report_snapshots(unit, None, 10)
    assert len(await stack.spoken(ReportSnapshot)) == 1


async def test_an_incomplete_catalogue_is_not_put_in_force(
    stack: Any, hear: Any, catalogue_events: Any
) -> None:
    published = catalogue_events[-1].model_copy(update={"version": 2, "categories": 99})
    with pytest.raises(CatalogueIncomplete, match="99"):
        await hear(published)
    assert (await stack.parts.reception.get()).catalogue.version == 1


async def test_a_removed_category_cannot_be_chosen_any_more(
    make_stack: Any, catalogue_events: Any
) -> None:
    bodies_and_first, published = catalogue_events[:-1], catalogue_events[-1]
    removed = catalogue_events[2].model_copy(update={"removed": True})
    again = published.model_copy(update={"version": 2, "categories": 2})
    stack = await make_stack(catalogue=(*bodies_and_first, published, removed, again))
    reception = await stack.parts.reception.get()
    assert reception.revision == 2
    assert "road-pothole" not in reception.catalogue.categories
