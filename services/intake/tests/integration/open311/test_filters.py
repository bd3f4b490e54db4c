"""Section 3: filters of GET requests find what is public, and nothing that the policy hides."""

import itertools
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring
from sqlalchemy import insert

from melder_common.event_values import BodyRef, PublicationPolicy
from melder_common.events import CaseStatusChanged, PhotoReleased
from melder_common.geo import Coordinate
from melder_common.ids import new_id
from melder_common.numbers import new_number
from melder_intake.store.public_listing import Wanted, list_public_reports
from melder_intake.store.tables import public_photo, public_report

CHANCE = random.Random(7)
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
HERE = {"lat": "54.0887", "long": "12.1405"}
FILTERS = {
    "place": {"bbox": "12.14,54.08,12.15,54.09"},
    "near": HERE | {"radius": "30"},
    "asset": {"service_object_type": "lamp", "service_object_id": "L-7"},
    "text": {"q": "Loch"},
    "photo": {"has_photo": "true"},
}


def _row(policy: Any, **facts: Any) -> dict[str, Any]:
    text, photo, place = policy
    return {
        "report_id": new_id(), "number": new_number(CHANCE), "submitted_at": AT, "changed_at": AT,
        "category": "road-pothole", "state": "accepted", "policy_text": text,
        "policy_photo": photo, "policy_place": place, "lat": 54.0887, "long": 12.1405,
        "text": "Tiefes Loch", "reviewed_at": None, "erased_at": None,
    } | facts  # fmt: skip


async def test_filters_and_answers_agree_on_every_policy(stack: Any) -> None:
    """The policy is written twice, in Python for answers and in SQL for filters."""
    policies = itertools.product(
        ("at_once", "after_review", "never"), ("after_review", "never"),
        ("at_once", "after_review", "never"),
    )  # fmt: skip
    rows = [
        _row(policy, reviewed_at=reviewed, erased_at=erased)
        for policy in policies
        for reviewed in (None, AT)
        for erased in (None, AT)
    ]
    photos = [
        {"photo_id": new_id(), "report_id": row["report_id"], "state": "released", "changed_at": AT}
        for row in rows
    ]
    async with stack.units.engine.begin() as connection:
        await connection.execute(insert(public_report), rows)
        await connection.execute(insert(public_photo), photos)
        everything = await list_public_reports(connection, Wanted(), limit=1000)
        place = next(one.place for one in everything if one.place)

        async def found(**asked: Any) -> Any:
            listed = await list_public_reports(connection, Wanted(**asked), limit=1000)
            return {one.number for one in listed}

        spot = Coordinate(place.lat, place.long)
        placed = {one.number for one in everything if one.place}
        assert len(everything) == len(rows)
        assert await found(box=(spot, spot)) == await found(near=(spot, 10.0)) == placed
        assert await found(words="Loch") == {one.number for one in everything if one.text}
        assert await found(with_photo=True) == {one.number for one in everything if one.photos}


@pytest.mark.parametrize("name", FILTERS)
async def test_what_is_public_is_found(open_case: Any, listed: Any, hear: Any, name: Any) -> None:
    case = await open_case(
        PublicationPolicy(text="at_once"),
        text="Tiefes Loch",
        service_object_type="lamp",
        service_object_id="L-7",
    )
    photo = PhotoReleased(photo_id=new_id(), report_id=case.report_id, renditions=())
    await hear(photo)
    assert await listed(**FILTERS[name]) == [case.number]


@pytest.mark.parametrize("name", FILTERS)
async def test_what_is_hidden_is_not_found(open_case: Any, listed: Any, name: Any) -> None:
    hidden = PublicationPolicy(text="never", photo="never", place="never")
    case = await open_case(
        hidden, text="Tiefes Loch", service_object_type="lamp", service_object_id="L-7"
    )
    assert await listed() == [case.number]
    assert await listed(**FILTERS[name]) == []


async def test_places_beside_are_not_found(open_case: Any, listed: Any) -> None:
    case = await open_case()
    north = str(54.0887 + 25 / 111_300)
    assert await listed(lat=north, long="12.1405", radius="30") == [case.number]
    assert await listed(lat=north, long="12.1405", radius="20") == []
    assert await listed(bbox="12.1406,54.08,12.15,54.09") == []


async def test_order_and_filter_by_the_last_change(open_case: Any, listed: Any, hear: Any) -> None:
    first, second = [(await open_case()) for _ in range(2)]
    closed_at = datetime.now(UTC) + timedelta(hours=1)
    await hear(
        CaseStatusChanged(
            case_id=first.case_id, report_id=first.report_id, state="resolved",
            previous="accepted", body=BodyRef(slug="rostock", name="Rostock"),
            changed_at=closed_at,
        ),
        at=closed_at,
    )  # fmt: skip
    both = [second.number, first.number]
    assert await listed() == await listed(sort="updated_datetime") == both
    assert await listed(sort="requested_datetime") == both[::-1]
    assert await listed(order_by="-updated_datetime") == both[::-1]
    before = (closed_at - timedelta(minutes=1)).isoformat()
    assert await listed(updated_after=before) == [first.number]
    assert await listed(updated_before=before) == [second.number]
    assert await listed(updated_after=closed_at.isoformat()) == [first.number]


async def test_who_is_responsible_now(open_case: Any, listed: Any) -> None:
    case = await open_case()
    assert await listed(agency_responsible="rostock") == [case.number]
    assert await listed(agency_responsible="13072|13003000") == [case.number]
    assert await listed(agency_responsible="Landkreis Rostock") == []
    assert await listed(agency_responsible="nobody at all") == []


async def test_pages_meet_without_gap(post: Any, listed: Any) -> None:
    numbers = [(await post()).json()[0]["service_request_id"] for _ in range(5)][::-1]
    pages = [await listed(page_size="2", page=str(page)) for page in range(1, 5)]
    assert pages == [numbers[:2], numbers[2:4], numbers[4:], []]
    assert await listed(max_requests="3") == numbers[:3]


async def test_an_unknown_code_matches_nothing(post: Any, listed: Any) -> None:
    await post()
    assert await listed(service_code="no-such") == []


async def test_the_thousand_newest_in_both_formats(stack: Any, client: Any) -> None:
    now = datetime.now(UTC)
    policy = ("at_once", "never", "at_once")
    rows = [
        _row(policy, submitted_at=now - timedelta(minutes=minutes), text=f"Loch & <{minutes}> Ü")
        for minutes in range(1003)
    ]
    async with stack.units.engine.begin() as connection:
        await connection.execute(insert(public_report), rows)
    expected = [row["number"] for row in rows[:1000]]
    said = (await client.get("/open311/v2/requests.json")).json()
    assert [one["service_request_id"] for one in said] == expected
    root = fromstring((await client.get("/open311/v2/requests.xml")).text)
    assert [one.findtext("service_request_id") for one in root] == expected
    assert [one.findtext("description") for one in root] == [one["description"] for one in said]
    second = (await client.get("/open311/v2/requests.json?page=2")).json()
    assert [one["service_request_id"] for one in second] == [row["number"] for row in rows[1000:]]
