"""Real places of the demo region: the body a clerk would expect."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.event_values import BodyRef
from melder_common.geo import Coordinate
from melder_routing.domain.decision import Decision
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.use_cases.decide_places import PlaceToDecide, decide_places

pytestmark = pytest.mark.integration

DATA = Path(__file__).parents[1] / "data/golden_decisions.json"
CASES = json.loads(DATA.read_text(encoding="utf-8"))["cases"]
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def place_of(case: dict[str, Any]) -> PlaceToDecide:
    coordinate = Coordinate(case["lat"], case["lon"])
    return PlaceToDecide(coordinate, case["category"], NOON, case.get("accuracy_m"))


def slug(body: BodyRef | None) -> str | None:
    return body.slug if body else None


def facts(decision: Decision) -> dict[str, Any]:
    everybody = {slug(decision.responsible), *(body.slug for body in decision.candidates)}
    return {
        "status": decision.status.value,
        "rule": decision.rule.value,
        "responsible": slug(decision.responsible),
        "working": slug(decision.working),
        "serving": slug(decision.serving),
        "queue": decision.queue,
        "municipality": decision.municipality,
        "border": decision.border,
        "snapped": decision.snapped,
        "candidates": [body.slug for body in decision.candidates],
        "bodies": sorted(filter(None, everybody)),
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
async def test_a_place_gets_the_body_a_clerk_would_expect(
    demo: AsyncConnection, case: dict[str, Any]
) -> None:
    _, (decision,) = await decide_places(demo, [place_of(case)], Rulebooks())
    found = facts(decision)
    assert {name: found[name] for name in case["expected"]} == case["expected"], decision.reason


async def test_many_places_at_once_are_decided_as_one_by_one(demo: AsyncConnection) -> None:
    places = [place_of(case) for case in CASES]
    rulebooks = Rulebooks()
    _, together = await decide_places(demo, places, rulebooks)
    alone = [(await decide_places(demo, [place], rulebooks))[1][0] for place in places]
    assert together == alone


async def test_the_reason_names_body_duty_place_and_border(demo: AsyncConnection) -> None:
    places = [
        PlaceToDecide(Coordinate(54.182733, 12.225468), "waste-illegal", NOON),
        PlaceToDecide(Coordinate(54.08, 12.27), "light-broken", NOON),
        PlaceToDecide(Coordinate(53.965475, 11.777008), "road-pothole", NOON),
    ]
    _, (border, amt, unserved) = await decide_places(demo, places, Rulebooks())
    assert border.reason["de"] == (
        "Voraussichtlich zuständig ist die Hanse- und Universitätsstadt Rostock, weil Abfall dort "
        "ihre Aufgabe ist. Der Ort liegt in Rostock, 8 m von der Grenze zum Landkreis Rostock."
    )
    assert amt.reason["de"] == (
        "Nach unseren Daten zuständig ist die Gemeinde Broderstorf, weil „Straßenlampe dunkel oder "
        "defekt“ Aufgabe der Gemeinde ist. Der Ort liegt in Broderstorf. Bearbeitet wird die Meldung "
        "vom Amt Carbäk."
    )
    assert unserved.reason["de"] == (
        "Nach unseren Daten zuständig ist der Landkreis Nordwestmecklenburg, weil der Ort in seinem "
        "Gebiet liegt. Diese Stelle nimmt an diesem Mängelmelder nicht teil; Sie erreichen sie so: "
        "Landkreis Nordwestmecklenburg, Behördennummer 115. Wie es weitergeht, klärt der Landkreis "
        "Rostock."
    )
    assert all("en" in decision.reason for decision in (border, amt, unserved))
