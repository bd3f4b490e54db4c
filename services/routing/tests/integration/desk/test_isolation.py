"""Foreign cases do not exist: by the scope function, and by row-level security without it."""

import re
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, text, true, update
from sqlalchemy.exc import DBAPIError

from melder_common.clock import utc_now
from melder_common.event_values import BodyRef
from melder_common.events import NotificationSent, PhotoReady
from melder_common.grants import verify_grant
from melder_common.ids import new_id
from melder_routing.domain.clerk import Scope
from melder_routing.domain.visibility import VISIBLE, Part, Relation
from melder_routing.store import visible_cases as visible_cases_module
from melder_routing.store.case_tables import (
    border_case,
    case,
    case_history,
    case_message,
    case_photo,
    case_text,
    hand_over,
    legal_hold,
    mail_log,
)
from melder_routing.use_cases.note_notification import note_notifications_sent
from melder_routing.use_cases.note_photo import note_photos_ready

pytestmark = pytest.mark.integration

SECRET = "Geheimes vom Nachbarn"
NORD, SUED = BodyRef(slug="nord", name="Stadt Nord"), BodyRef(slug="sued", name="Gemeinde Süd")
NOBODY = Scope(UUID(int=1), "Niemand")


def operations(world: Any) -> list[tuple[str, str]]:
    """Every address of the desk that names a case, with its method, from the route table."""
    schema = world.app.openapi()["paths"]
    return [
        (method, path)
        for path, methods in schema.items()
        if "{number}" in path
        for method in methods
    ]


async def foreign_case(world: Any) -> Any:
    return await world.open_case(body=SUED, description=SECRET, photos=1, candidates=(NORD,))


async def test_every_operation_denies_a_foreign_case(world: Any, anna: Any) -> None:
    routed = await foreign_case(world)
    number, photo_id = routed.report.number, routed.report.photos[0].photo_id
    own = await anna.fill((await world.open_case()).report.number)
    found = operations(world)
    assert len(found) >= 14, "the route table lost operations"
    for method, path in found:
        address = path.format(number=number, photo_id=photo_id)
        data = {**own, "version": "1", "message": "x", "question": "x", "text": "x"}
        data |= {"target": "accepted", "ending": "not_actionable:abuse"}
        answer = await anna.client.request(
            method.upper(), address, data=data if method == "post" else None
        )
        assert answer.status_code == 404, (method, path)
        assert SECRET not in answer.text
    assert (await world.row(number)).version == 1


async def test_every_operation_asks_who_is_there(world: Any) -> None:
    number = (await world.open_case()).report.number
    client = world.client()
    for method, path in operations(world):
        answer = await client.request(method.upper(), path.format(number=number, photo_id=new_id()))
        assert answer.status_code == (401 if method == "post" else 303), (method, path)


async def test_a_reader_sees_and_changes_nothing(world: Any) -> None:
    number = (await world.open_case()).report.number
    reader = await world.sign_in("lena@nord.example")
    page = await reader.see(number)
    assert "Nächster Schritt" not in page
    form = {"csrf": await csrf_of(reader), "version": "1"}
    assert (await reader.send(number, "accept", form)).status_code == 404
    assert (await world.row(number)).state == "received"


async def csrf_of(clerk: Any) -> str:
    page = (await clerk.client.get("/desk/")).text
    return str(clerk.hidden_fields(page)["csrf"])


async def test_lists_show_own_cases_only(world: Any, anna: Any, bert: Any) -> None:
    own = (await world.open_case()).report.number
    foreign = (await foreign_case(world)).report.number
    for address in ("/desk/", "/desk/?view=review", "/desk/?queue=sued", "/desk/?border=1"):
        page = (await anna.client.get(address)).text
        assert foreign not in page, address
        assert SECRET not in page, address
    assert own in (await anna.client.get("/desk/")).text
    assert foreign in (await bert.client.get("/desk/")).text


async def test_the_second_lock_holds_without_the_first(
    world: Any, anna: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if somebody had forgotten the filter in every query of the desk."""
    number = (await foreign_case(world)).report.number
    own = (await world.open_case()).report.number
    form = await anna.fill(own)
    monkeypatch.setattr(visible_cases_module, "in_scope", lambda _scope: true())
    page = (await anna.client.get("/desk/")).text
    assert own in page
    assert number not in page
    for path in ("", "/map.svg"):
        assert (await anna.client.get(f"/desk/cases/{number}{path}")).status_code == 404
    assert (await anna.send(number, "accept", form)).status_code == 404


async def test_row_level_security_hides_whole_tables(world: Any) -> None:
    routed = await foreign_case(world)
    sent = notification(routed.report.report_id)
    await world.hear(note_notifications_sent, sent)
    tables = (case, case_text, case_photo, case_history, mail_log)
    scope = Scope(
        UUID(int=1), "Anna", queues=frozenset({"nord"}), border_bodies=frozenset({"nord"})
    )
    async with world.desk.units.read(scope) as connection:
        for table in (*tables, case_message, hand_over, legal_hold):
            assert (await connection.execute(select(table))).all() == [], table.name
    own = Scope(UUID(int=2), "Bert", queues=frozenset({"sued"}))
    async with world.desk.units.read(own) as connection:
        for table in tables:
            assert (await connection.execute(select(table))).all() != [], table.name


def notification(report_id: UUID) -> Any:
    return NotificationSent(
        notification_id=new_id(),
        report_id=report_id,
        kind="receipt",
        channel="email",
        sent_at=utc_now(),
    )


async def test_without_a_scope_nothing_is_there(world: Any) -> None:
    await world.open_case()
    async with world.desk.units.begin_unscoped() as unit:
        assert (await unit.connection.execute(select(case))).all() == []
    async with world.desk.units.read(NOBODY) as connection:
        assert (await connection.execute(select(case))).all() == []


async def test_a_scope_ends_with_its_transaction(world: Any) -> None:
    await world.open_case()
    scope = Scope(UUID(int=1), "Anna", queues=frozenset({"nord"}))
    for _ in range(4):
        async with world.desk.units.read(scope) as connection:
            assert len((await connection.execute(select(case))).all()) == 1
    for _ in range(4):
        async with world.desk.units.begin_unscoped() as unit:
            assert (await unit.connection.execute(select(case))).all() == []


async def test_the_desk_cannot_write_into_foreign_cases(world: Any) -> None:
    routed = await foreign_case(world)
    case_id = (await world.row(routed.report.number)).id
    scope = Scope(UUID(int=1), "Anna", queues=frozenset({"nord"}), work_queues=frozenset({"nord"}))
    async with world.desk.units.begin(scope) as unit:
        changed = await unit.connection.execute(update(case).values(state="accepted"))
        assert changed.rowcount == 0
    line = {"case_id": case_id, "at": utc_now(), "kind": "state"}
    async with world.desk.units.read(scope) as connection:
        with pytest.raises(DBAPIError, match="row-level security"):
            await connection.execute(insert(case_history).values(line))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT envelope FROM routing.outbox",
        "SELECT 1 FROM routing.dead_letter",
        "SELECT 1 FROM routing.access_log",
        "DELETE FROM routing.case_message",
        'DELETE FROM routing."case"',
        "UPDATE routing.case_history SET kind = 'x'",
        "UPDATE routing.clerk SET active = true",
        "INSERT INTO routing.clerk_role (clerk_id, body, role) VALUES (gen_random_uuid(), 'n', 'x')",
        "SET ROLE routing_worker",
        'ALTER TABLE routing."case" DISABLE ROW LEVEL SECURITY',
    ],
)
async def test_the_desk_has_no_other_rights(world: Any, sql: str) -> None:
    with pytest.raises(DBAPIError):
        async with world.desk.units.begin_unscoped() as unit:
            await unit.connection.execute(text(sql))


async def test_neighbours_see_place_category_state_and_hazard_only(
    world: Any, anna: Any, bert: Any
) -> None:
    routed = await foreign_case(world)
    page = (await anna.client.get("/desk/border")).text
    assert "Lampe dunkel" in page
    assert "Gemeinde Süd" in page
    for hidden in (SECRET, routed.report.number, "Lange Straße 1"):
        assert hidden not in page
    own_view = (await bert.client.get("/desk/border")).text
    assert "Lampe dunkel" not in own_view, "one's own case is no neighbour's case"


def test_the_border_view_has_the_columns_of_the_visibility_table() -> None:
    shows = {
        "category": Part.CATEGORY,
        "category_name": Part.CATEGORY,
        "municipality": Part.PLACE,
        "lat": Part.PLACE,
        "long": Part.PLACE,
        "state": Part.STATE,
        "submitted_at": Part.STATE,
        "hazard": Part.HAZARD,
    }
    technical = {"id", "working", "candidates", "version", "routed_at"}
    assert set(border_case.columns.keys()) - technical == set(shows)
    assert set(shows.values()) == VISIBLE[Relation.CANDIDATE]


async def test_staff_names_leave_no_body(world: Any) -> None:
    """Two bodies share a queue: each reads its own people's names, of the others the body."""
    number = (await world.open_case(queue_slug="kreis")).report.number
    sven = await world.sign_in("sven@sued.example")
    await sven.do(number, "accept")
    nils = await world.sign_in("nils@nord.example")
    page = await nils.see(number)
    assert "Gemeinde Süd" in page
    assert "Sven" not in page
    assert "Sven Süd" in await sven.see(number)


async def test_photos_are_shown_by_a_grant_for_this_clerk(world: Any, anna: Any) -> None:
    routed = await world.open_case(photos=1)
    number, photo_id = routed.report.number, routed.report.photos[0].photo_id
    arrived = PhotoReady(photo_id=photo_id, report_id=routed.report.report_id, renditions=())
    await world.hear(note_photos_ready, arrived)
    found = re.search(rf"/photos/{photo_id}/list\.webp\?grant=([^\"]+)", await anna.see(number))
    assert found
    grant = verify_grant(
        world.desk.grant_key.verify_key,
        found.group(1),
        audience="media",
        action="photo.view",
        object_id=photo_id,
        now=utc_now(),
    )
    assert grant.report_id == routed.report.report_id
    opened = await anna.client.get(f"/desk/cases/{number}/photos/{photo_id}")
    assert opened.headers["location"].startswith(f"/photos/{photo_id}/full.webp?grant=")
    assert opened.headers["cache-control"] == "no-store"
    other = (await world.open_case()).report.number
    assert (await anna.client.get(f"/desk/cases/{other}/photos/{photo_id}")).status_code == 404
    assert (grant.expires_at - utc_now()).total_seconds() <= 60
