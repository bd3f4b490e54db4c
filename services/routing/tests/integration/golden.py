"""Golden cases: places with the answer a clerk would expect, in ``tests/data/golden_cases.json``."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.geo import Coordinate
from melder_routing.domain.decision import Decision
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.use_cases.decide_places import PlaceToDecide, decide_places

GOLDEN = Path(__file__).parents[1] / "data/golden_cases.json"
DAY = "2026-06-01"


def load_golden(setting: str) -> list[dict[str, Any]]:
    """The cases of one setting: ``germany``, ``demo`` or ``village``."""
    found: list[dict[str, Any]] = json.loads(GOLDEN.read_text(encoding="utf-8"))[setting]
    return found


def place_of(case: dict[str, Any]) -> PlaceToDecide:
    day = date.fromisoformat(case.get("day", DAY))
    return PlaceToDecide(
        coordinate=Coordinate(case["lat"], case["lon"]),
        category=case.get("category"),
        at=datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
        accuracy_m=case.get("accuracy_m"),
        accepted=case.get("accepted", False),
        asset_id=case.get("asset"),
    )


async def facts_of(
    connection: AsyncConnection, case: dict[str, Any], rulebooks: Rulebooks
) -> dict[str, Any]:
    """What the decision for ``case`` says, in the words of the data file."""
    _, (decision,) = await decide_places(connection, [place_of(case)], rulebooks)
    return facts(decision)


def facts(decision: Decision) -> dict[str, Any]:
    named = (decision.responsible, decision.working, decision.serving, decision.neighbour)
    responsible, working, serving, neighbour = (body.slug if body else None for body in named)
    candidates = sorted(body.slug for body in decision.candidates)
    return {
        "status": decision.status.value,
        "rule": decision.rule.value,
        "responsible": responsible,
        "working": working,
        "serving": serving,
        "neighbour": neighbour,
        "queue": decision.queue,
        "municipality": decision.municipality,
        "border": decision.border,
        "snapped": decision.snapped,
        "candidates": candidates,
        "bodies": sorted({*candidates, *filter(None, (responsible,))}),
    }
