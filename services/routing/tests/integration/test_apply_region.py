"""``melder apply``: all or nothing, twice is once, and nothing is orphaned."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from melder_common.geo import Coordinate
from melder_common.unit_of_work import UnitsOfWork
from melder_routing.domain.region_findings import RegionRefused
from melder_routing.store.region_geometry import BoundaryVersionChanged
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.use_cases.apply_region import plan_region
from melder_routing.use_cases.decide_places import PlaceToDecide, decide_places
from melder_routing.use_cases.read_region import read_region

from .small_region import (
    IN_EAST,
    NOON,
    Files,
    apply,
    fetch,
    files,
    route,
    said,
    square,
    units,
    write_features,
)

__all__ = ["files", "units"]

pytestmark = pytest.mark.integration


async def test_the_catalogue_is_told_completely_in_one_transaction(
    units: UnitsOfWork, files: Files
) -> None:
    applied = await apply(units, files)
    events = await said(units)
    names = [event["name"].split(".")[1] for event in events]
    assert names == [
        *["body_described"] * 2,
        *["category_described"] * 2,
        "reception_area_described",
        "published",
    ]
    assert {event["partition"] for event in events} == {0}
    published = events[-1]["data"]
    assert (published["bodies"], published["categories"], published["version"]) == (2, 2, 1)
    assert published["jurisdiction_id"] == "klein.example"
    assert len(published["digest"]) == 64
    assert applied.catalogue_version == 1


async def test_programs_are_told_how_a_service_answers(units: UnitsOfWork, files: Files) -> None:
    files.change("group: strasse}", "group: strasse, type: batch}")
    await apply(units, files)
    told = {
        event["data"]["category"]["slug"]: event["data"]["type"]
        for event in await said(units)
        if event["name"] == "catalogue.category_described.v1"
    }
    assert told == {"pothole": "batch", "rubbish": "realtime"}


async def test_the_reception_area_is_outline_plus_margin_minus_excluded(
    units: UnitsOfWork, files: Files
) -> None:
    await apply(units, files)
    inside = "SELECT ST_Covers(reception, ST_Point({}, {}, 4326)) FROM routing.region"
    for long, lat, received in [
        (12.05, 54.05, True),
        (11.995, 54.05, True),
        (11.98, 54.05, False),
        (12.17, 54.07, False),
    ]:
        assert await fetch(units, inside.format(long, lat)) == [(received,)], (long, lat)


async def test_applying_the_same_file_again_changes_and_says_nothing(
    units: UnitsOfWork, files: Files
) -> None:
    await apply(units, files)
    before = await fetch(units, "SELECT rules_version, applied_at FROM routing.region")
    again = await apply(units, files)
    assert again.plan.changes == ()
    assert again.catalogue_version is None
    assert await fetch(units, "SELECT rules_version, applied_at FROM routing.region") == before
    assert len(await said(units)) == 6


async def test_the_plan_names_what_is_added_changed_and_removed(
    units: UnitsOfWork, files: Files
) -> None:
    await apply(units, files)
    files.change("name: Schlagloch", "name: Loch")
    files.change("  - {body: west, group: abfall, area: everywhere}\n", "")
    files.change("competences:\n", "competences:\n  - {body: ost, group: strasse}\n")
    prepared = read_region(files.region)
    async with units.engine.connect() as connection:
        plan = await plan_region(connection, prepared)
    assert [(c.verb, c.kind, c.name) for c in plan.changes] == [
        ("changed", "category", "pothole"),
        ("added", "competence", "ost responsible group strasse jurisdiction"),
        ("removed", "competence", "west responsible group abfall everywhere"),
    ]
    assert len(await said(units)) == 6


async def test_a_changed_category_is_published_as_the_next_version(
    units: UnitsOfWork, files: Files
) -> None:
    await apply(units, files)
    files.change("name: Schlagloch", "name: Loch")
    files.change("  - {slug: rubbish, name: Müll, group: abfall, policy: {text: never}}\n", "")
    applied = await apply(units, files)
    events = [event["data"] for event in await said(units)][6:]
    assert applied.catalogue_version == 2
    assert events[-1]["version"] == 2
    assert events[-1]["categories"] == 1
    gone = [event["category"]["slug"] for event in events if event.get("removed")]
    assert gone == ["rubbish"]


async def test_new_duties_count_for_the_next_question_without_a_restart(
    units: UnitsOfWork, files: Files
) -> None:
    rulebooks = Rulebooks()
    place = PlaceToDecide(IN_EAST, "rubbish", NOON)

    async def responsible() -> str | None:
        async with units.engine.connect() as connection:
            _, (decision,) = await decide_places(connection, [place], rulebooks)
        return decision.responsible.slug if decision.responsible else None

    await apply(units, files)
    first = await responsible()
    files.change("  - {body: west, group: abfall, area: everywhere}\n", "")
    files.change("competences:\n", "competences: []\n")
    applied = await apply(units, files)
    assert (first, await responsible()) == ("west", "ost")
    assert applied.catalogue_version is None


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        ("  - {slug: pothole, name: Schlagloch, group: strasse}\n", "", "category pothole"),
        ("slug: ost, name: Ost, serves", "slug: neu, name: Ost, serves", "queue ost"),
        ('kind: gemeinde, ars: "130720002002"}', ("kind: gemeinde, participation: notice_only, "
         'contact: Ost, ars: "130720002002"}'), "body ost"),
    ],
)  # fmt: skip
async def test_what_would_orphan_cases_is_refused_and_nothing_is_written(
    units: UnitsOfWork, files: Files, before: str, after: str, name: str
) -> None:
    await apply(units, files)
    await route(units)
    files.change(before, after)
    if name == "queue ost":
        files.change("queues: [ost]", "queues: [neu]")
    if name == "body ost":
        files.change("body: west, deputy: ost", "body: west, deputy: sued")
        files.change("bodies:\n", "bodies:\n  - {slug: sued, name: Süd, kind: gemeinde}\n")
        files.change("serves: [west]", "serves: [west, sued]")
    state = await fetch(units, "SELECT * FROM routing.region")
    with pytest.raises(RegionRefused, match=f"{name} still has 1 open cases: "):
        await apply(units, files)
    assert await fetch(units, "SELECT * FROM routing.region") == state


async def test_a_body_without_cases_may_leave_and_is_taken_back(
    units: UnitsOfWork, files: Files
) -> None:
    files.change("groups:", "  - {slug: neu, name: Neu, kind: utility}\ngroups:")
    files.change("serves: [ost]", "serves: [ost, neu]")
    await apply(units, files)
    files.change("  - {slug: neu, name: Neu, kind: utility}\n", "")
    files.change("serves: [ost, neu]", "serves: [ost]")
    await apply(units, files)
    removed = [e["data"] for e in await said(units) if e["data"].get("removed")]
    assert [entry["body"]["slug"] for entry in removed] == ["neu"]
    rows = await fetch(units, "SELECT removed_at IS NULL FROM routing.body WHERE slug = 'neu'")
    assert rows == [(False,)]


async def test_other_boundaries_need_another_version(units: UnitsOfWork, files: Files) -> None:
    await apply(units, files)
    write_features(
        files.boundaries,
        square(12.0, 54.0, 0.2, ARS="130720001001", GEN="West"),
        square(12.2, 54.0, 0.1, ARS="130720002002", GEN="Ost"),
    )
    with pytest.raises(BoundaryVersionChanged, match=r"orte\.geojson .* give .* a new version"):
        await apply(units, files)
    rulebooks = Rulebooks()
    for version, expected in [("orte-1", "ost"), ("orte-2", "west")]:
        if version == "orte-2":
            files.change("version: orte-1", "version: orte-2")
            await apply(units, files)
        async with units.engine.connect() as connection:
            place = PlaceToDecide(IN_EAST, "pothole", NOON)
            _, (decision,) = await decide_places(connection, [place], rulebooks)
        assert decision.responsible is not None
        assert (decision.responsible.slug, decision.boundary_version) == (expected, version)


async def test_an_own_geometry_comes_before_every_other_duty(
    units: UnitsOfWork, files: Files
) -> None:
    harbour = square(12.14, 54.04, 0.02, ARS="", GEN="Hafen")
    write_features(files.region.parent / "hafen.geojson", harbour)
    files.change(
        "bodies:\n",
        "  - {id: hafen, file: hafen.geojson, version: orte-1, layer: hafen, attribution: wir}\n"
        "bodies:\n  - {slug: hafen, name: Hafen, kind: utility, article: der}\n",
    )
    files.change("serves: [ost]", "serves: [ost, hafen]")
    files.change(
        "competences:\n", "competences:\n  - {body: hafen, area: own, own: [{boundaries: hafen}]}\n"
    )
    await apply(units, files)
    places = [PlaceToDecide(Coordinate(54.05, long), "rubbish", NOON) for long in (12.15, 12.17)]
    async with units.engine.connect() as connection:
        _, (inside, beside) = await decide_places(connection, places, Rulebooks())
    assert (inside.responsible and inside.responsible.slug, inside.rule.value) == (
        "hafen",
        "own_area",
    )
    assert beside.responsible is not None
    assert beside.responsible.slug == "west"
    assert "weil dieses Gelände seine Aufgabe ist" in inside.reason["de"]


async def test_areas_count_only_while_they_are_valid(units: UnitsOfWork, files: Files) -> None:
    files.change(
        "layer: gemeinde,", "layer: gemeinde, valid_from: 2026-01-01, valid_to: 2026-12-31,"
    )
    await apply(units, files)

    async def status_on(day: datetime) -> str:
        async with units.engine.connect() as connection:
            place = PlaceToDecide(IN_EAST, "pothole", day)
            return (await decide_places(connection, [place], Rulebooks()))[1][0].status.value

    before_new_year_in_berlin = datetime(2025, 12, 31, 22, 59, tzinfo=UTC)
    after_new_year_in_berlin = datetime(2025, 12, 31, 23, 1, tzinfo=UTC)
    assert await status_on(before_new_year_in_berlin) == "unserved"
    assert await status_on(after_new_year_in_berlin) == "decided"
    assert await status_on(datetime(2027, 1, 1, 12, tzinfo=UTC)) == "unserved"


async def test_nothing_is_half_written_when_the_apply_fails_late(
    units: UnitsOfWork, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("melder_routing.use_cases.apply_region.put_clerks", fail)
    with pytest.raises(OSError, match="disk"):
        await apply(units, files)
    assert await said(units) == []
    assert await fetch(units, "SELECT count(*) FROM routing.body") == [(0,)]
    assert await fetch(units, "SELECT count(*) FROM routing.jurisdiction") == [(0,)]


async def test_clerks_get_the_password_of_their_file(units: UnitsOfWork, files: Files) -> None:
    await apply(units, files)
    secret = files.passwords / "clerks/ost"
    assert secret.stat().st_mode & 0o077 == 0
    hashed = await fetch(units, "SELECT password_hash FROM routing.clerk")
    await apply(units, files)
    assert await fetch(units, "SELECT password_hash FROM routing.clerk") == hashed
    secret.write_text("another-one\n", encoding="utf-8")
    await apply(units, files)
    changed = await fetch(units, "SELECT password_hash FROM routing.clerk")
    assert changed != hashed
    assert "another-one" not in changed[0][0]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda f: f.boundaries.unlink(), "orte.geojson does not exist; correct file"),
        (lambda f: f.boundaries.write_text("{}"), "cannot be read"),
        (lambda f: f.change("layer: gemeinde", "layer: gemeinde, key: AGS"), "no property AGS"),
        (lambda f: f.change('"130720002002"', '"130729999999"'), "no boundary file has an area"),
        (lambda f: f.change("outline: [{boundaries: orte}]",
                            'outline: [{boundaries: orte, keys: ["1"]}]'), "orte has no area"),
        (lambda _: None, "password_file “clerks/ost”: there is no such file"),
    ],
)  # fmt: skip
def test_what_the_file_refers_to_must_be_there(
    files: Files, spoil: Callable[[Files], object], words: str
) -> None:
    spoil(files)
    with pytest.raises(RegionRefused, match=r"region\.yaml:\d+: ") as refused:
        read_region(files.region, passwords_in=files.passwords)
    assert words in str(refused.value)
    assert not files.passwords.exists()
