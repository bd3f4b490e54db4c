"""Service request updates as FixMyStreet reads them: what changed publicly, once each."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring
from sqlalchemy import text

from melder_common.event_values import BodyRef, PublicationPolicy, Rendition
from melder_common.events import (
    CaseHandedOver,
    CaseMessagePosted,
    CaseSnapshot,
    CaseStatusChanged,
    PhotoRedacted,
    PhotoReleased,
    PhotoSnapshot,
)
from melder_common.ids import new_id
from melder_intake.http.open311 import updates
from melder_intake.use_cases.erase_report import erase_report
from melder_intake.use_cases.rebuild_public_view import rebuild_public_view

V2 = "/open311/v2"
PATH = f"{V2}/servicerequestupdates"
KREIS = BodyRef(slug="landkreis-rostock", name="Landkreis Rostock")
ROSTOCK = BodyRef(slug="rostock", name="Rostock")
FULL = (Rendition(name="full", width=800, height=600),)
NOW = datetime.now(UTC).replace(microsecond=0)


def status(case: Any, state: str, at: datetime, **more: Any) -> CaseStatusChanged:
    facts = {"case_id": case.case_id, "report_id": case.report_id, "previous": "received"}
    return CaseStatusChanged(**facts, state=state, body=ROSTOCK, changed_at=at, **more)


def message(case: Any, words: str, at: datetime, *, public: bool) -> CaseMessagePosted:
    facts = {"case_id": case.case_id, "report_id": case.report_id, "message_id": new_id()}
    return CaseMessagePosted(
        **facts, kind="note", text=words, body=ROSTOCK, public=public, posted_at=at
    )


def hand_over(case: Any, at: datetime) -> CaseHandedOver:
    facts = {"case_id": case.case_id, "report_id": case.report_id, "reason": "Kreisstraße"}
    return CaseHandedOver(**facts, step="accepted", sender=ROSTOCK, receiver=KREIS, changed_at=at)


@pytest.fixture
def read(client: Any) -> Any:
    """The updates of a GET, both formats held against each other."""

    async def updates(**query: Any) -> list[dict[str, Any]]:
        answer = await client.get(f"{PATH}.json", params=query)
        assert answer.status_code == 200, answer.text
        told: list[dict[str, Any]] = answer.json()
        root = fromstring((await client.get(f"{PATH}.xml", params=query)).text)
        assert root.tag == "service_request_updates"
        assert {child.tag for child in root} <= {"request_update"}
        assert [{one.tag: one.text for one in child} for child in root] == told
        return told

    return updates


@pytest.fixture
async def lived(open_case: Any, hear: Any) -> Any:
    """A report with every kind of public change, one minute apart, and some that are not public."""
    case = await open_case(text="Loch")
    photo = {"photo_id": new_id(), "report_id": case.report_id}
    start = NOW - timedelta(minutes=30)
    at = [start + timedelta(minutes=n) for n in range(9)]
    await hear(status(case, "accepted", at[0]))
    await hear(message(case, "Wir kommen am Montag, Tel. 0381 1234567.", at[1], public=True))
    await hear(message(case, "Nur für Sie", at[1], public=False))
    await hear(PhotoReleased(**photo, renditions=FULL), at=at[2])
    await hear(hand_over(case, at[3]))
    await hear(status(case, "in_progress", at[4], message="Wir sind dabei."))
    await hear(status(case, "not_actionable", at[5], reason="private_ground"))
    return case, photo, at


async def test_one_update_for_each_public_change(lived: Any, read: Any) -> None:
    case, photo, at = lived
    told = await read()
    routed = told[-1]
    assert routed["status"] == "not_councils_responsibility"  # heard last, at the test's own time
    assert routed["description"] == "Zuständig ist jetzt: Rostock."
    origin = "http://127.0.0.1:8000"
    assert [(one["status"], one["description"], one["media_url"]) for one in told[:-1]] == [
        ("investigating", "Meldung angenommen.", None),
        ("investigating", "Wir kommen am Montag, Tel. […].", None),
        ("investigating", "Ein Foto ist jetzt öffentlich.",
         f"{origin}/photos/{photo['photo_id']}/full.jpg"),
        ("investigating",
         "Die Meldung wurde übergeben. Zuständig ist jetzt: Landkreis Rostock.", None),
        ("in_progress", "Wir sind dabei.", None),
        ("not_councils_responsibility", "Ohne Behebung abgeschlossen.", None),
    ]  # fmt: skip
    assert [one["updated_datetime"] for one in told[:-1]] == [
        f"{moment:%Y-%m-%dT%H:%M:%S}Z" for moment in at[:6]
    ]
    assert {one["service_request_id"] for one in told} == {case.number}
    assert len({one["update_id"] for one in told}) == 7


async def test_ids_and_times_outlive_a_rebuilding(
    lived: Any, read: Any, hear: Any, stack: Any
) -> None:
    case, photo, at = lived
    before = await read()
    async with stack.units.begin() as unit:
        await rebuild_public_view(unit)
    moves = (
        status(case, "accepted", at[0]),
        status(case, "in_progress", at[4], message="Wir sind dabei."),
        status(case, "not_actionable", at[5], reason="private_ground"),
    )
    facts = case.model_dump() | {"responsible": KREIS, "working": KREIS}
    await hear(
        CaseSnapshot(
            **facts, state="not_actionable", public_text="Loch", changed_at=at[5],
            opened_at=at[0], timeline=moves,
        ),
        PhotoSnapshot(**photo, state="released", renditions=FULL),
        at=NOW + timedelta(minutes=1),
    )  # fmt: skip
    assert await read() == before


async def test_hearing_twice_tells_once(lived: Any, read: Any, hear: Any) -> None:
    case, photo, at = lived
    before = await read()
    await hear(hand_over(case, at[3]), status(case, "accepted", at[0]), case)
    await hear(PhotoReleased(**photo, renditions=FULL), at=at[7])
    assert [one["update_id"] for one in await read()] == [one["update_id"] for one in before]


async def test_a_body_that_gets_it_back_is_told_again(open_case: Any, read: Any, hear: Any) -> None:
    case = await open_case()
    for minutes, body in enumerate((ROSTOCK, KREIS, KREIS, ROSTOCK)):
        again = {"responsible": body, "working": body, "rerouted": True}
        await hear(case.model_copy(update=again), at=datetime.now(UTC) + timedelta(minutes=minutes))
    told = [one["description"] for one in await read()]
    assert told == [
        "Zuständig ist jetzt: Rostock.",
        "Zuständig ist jetzt: Landkreis Rostock.",
        "Zuständig ist jetzt: Rostock.",
    ]


async def test_the_policy_is_obeyed(open_case: Any, read: Any, hear: Any) -> None:
    case = await open_case(PublicationPolicy(photo="never"))
    photo = {"photo_id": new_id(), "report_id": case.report_id}
    await hear(PhotoReleased(**photo, renditions=FULL))
    assert len(await read()) == 1
    other = await open_case()
    shown = {"photo_id": new_id(), "report_id": other.report_id}
    await hear(PhotoReleased(**shown, renditions=FULL))
    assert len(await read(service_request_id=other.number)) == 2
    await hear(PhotoRedacted(**shown, hidden=True))
    assert len(await read(service_request_id=other.number)) == 1


async def test_after_the_erasure_states_remain_without_words(
    lived: Any, read: Any, stack: Any
) -> None:
    case, *_ = lived
    async with stack.units.begin() as unit:
        await erase_report(unit, case.report_id, cause="request")
    told = await read()
    assert "Montag" not in str(told)
    assert "dabei" not in str(told)
    assert [one["media_url"] for one in told] == [None] * len(told)
    assert told[-2]["status"] == "not_councils_responsibility"


async def test_dates_come_both_or_not_at_all(lived: Any, read: Any, refused: Any) -> None:
    _, _, at = lived
    ask = "servicerequestupdates"
    (sentence,) = await refused(ask, 400, start_date=at[0].isoformat())
    assert sentence.startswith("end_date: ")
    (sentence,) = await refused(ask, 400, end_date=at[0].isoformat())
    assert sentence.startswith("start_date: ")
    backwards = {"start_date": at[1].isoformat(), "end_date": at[0].isoformat()}
    (sentence,) = await refused(ask, 400, **backwards)
    assert sentence.startswith("end_date: ")
    assert await refused(ask, 400, start_date="gestern", end_date="heute")
    assert await refused(ask, 404, jurisdiction_id="boston.gov")
    assert await read(start_date="", end_date="", api_key="egal")
    exactly = {"start_date": at[4].isoformat(), "end_date": at[4].isoformat()}
    assert [one["status"] for one in await read(**exactly)] == ["in_progress"]


async def test_without_dates_it_is_the_last_two_hours(open_case: Any, read: Any, hear: Any) -> None:
    case = await open_case()
    await hear(status(case, "accepted", NOW - timedelta(hours=3)))
    assert [one["status"] for one in await read()] == ["investigating"]
    assert len(await read(service_request_id=case.number.lower())) == 2
    assert await read(service_request_id="nonsense") == []


@pytest.mark.parametrize("micro", [0, 1, 500_000, 999_999])
async def test_what_is_told_lies_in_the_window_as_it_is_told(
    open_case: Any, read: Any, hear: Any, micro: int
) -> None:
    """FixMyStreet throws away an update whose date, in whole seconds, is outside its window."""
    case = await open_case()
    at = NOW - timedelta(hours=5)
    await hear(status(case, "accepted", at + timedelta(microseconds=micro)))
    half = at + timedelta(microseconds=500_000)
    early = {"start_date": (at - timedelta(hours=1)).isoformat(), "end_date": half.isoformat()}
    late = {"start_date": half.isoformat(), "end_date": (at + timedelta(hours=1)).isoformat()}
    assert len(await read(**early)) == 1
    assert len(await read(**late)) == 0


async def test_a_body_sees_what_it_ever_had(lived: Any, open_case: Any, read: Any) -> None:
    case, *_ = lived
    await open_case()
    for jurisdiction in ("landkreis-rostock", "13072"):
        told = await read(jurisdiction_id=jurisdiction)
        assert {one["service_request_id"] for one in told} == {case.number}
        assert len(told) == 7
    assert len(await read(jurisdiction_id="rostock")) == 8


async def test_pages_are_full_until_the_last(lived: Any, read: Any) -> None:
    whole = await read()
    for size in (1, 3, 7):
        paged: list[Any] = []
        for page in range(1, 9):
            some = await read(page_size=size, page=page)
            paged += some
            if len(some) < size:
                break
        assert paged == whole


async def test_too_many_for_one_answer_are_never_cut_silently(
    lived: Any, refused: Any, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(updates, "MOST_UPDATES", 6)
    (sentence,) = await refused("servicerequestupdates", 400)
    assert sentence.startswith("page: ")
    assert len(await read(page="1")) == 7


LONG_AGO = (
    """
    INSERT INTO intake.public_report
        (report_id, number, submitted_at, changed_at, category, state,
         policy_text, policy_photo, policy_place)
    SELECT gen_random_uuid(), 'N' || n, now() - n * interval '1 hour', now(),
        'lamp-dark', 'received', 'at_once', 'never', 'at_once'
    FROM generate_series(1, 3000) AS n
    """,
    """
    INSERT INTO intake.timeline_entry (entry_id, report_id, at, kind, state)
    SELECT gen_random_uuid(), report_id, submitted_at + n * interval '1 day', 'status', 'received'
    FROM intake.public_report, generate_series(1, 5) AS n WHERE number LIKE 'N%'
    """,
    """
    INSERT INTO intake.message
        (message_id, report_id, kind, text, body_name, public, posted_at)
    SELECT gen_random_uuid(), report_id, 'note', 'Bald.', 'Rostock', true, submitted_at
    FROM intake.public_report WHERE number LIKE 'N%'
    """,
    "ANALYZE intake.public_report, intake.timeline_entry, intake.message",
)
"""Four months of history."""


async def test_a_window_is_read_along_the_indexes(lived: Any, stack: Any) -> None:
    """However much history there is, a page costs its own length."""
    from sqlalchemy.dialects import postgresql

    from melder_intake.store.public_updates import Window, updates_query

    window = Window(since=NOW - timedelta(hours=2), before=NOW)
    query = updates_query(window, limit=100).compile(
        dialect=postgresql.dialect(),  # type: ignore[no-untyped-call]  # SQLAlchemy's is untyped
        compile_kwargs={"literal_binds": True},
    )
    async with stack.units.engine.connect() as connection:
        for statement in LONG_AGO:
            await connection.execute(text(statement))
        plan = (await connection.execute(text(f"EXPLAIN {query}"))).scalars().all()
    whole = "\n".join(plan)
    assert "timeline_entry_when" in whole
    assert "message_when" in whole
    assert "Seq Scan on timeline_entry" not in whole
    assert "Seq Scan on message" not in whole
