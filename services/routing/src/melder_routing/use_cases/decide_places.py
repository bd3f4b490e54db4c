"""Decide who is responsible for many places at once: one query, then pure rules."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.geo import Coordinate
from melder_routing.domain.areas import Surroundings
from melder_routing.domain.decide import Question, decide, explain_steps
from melder_routing.domain.decision import Decision
from melder_routing.domain.rulebook import Rulebook
from melder_routing.domain.trace import StepTrace
from melder_routing.store.rulebooks import RegionMissing, Rulebooks
from melder_routing.store.surroundings import Spot, find_surroundings

TRIES = 5
LOCAL_TIME = ZoneInfo("Europe/Berlin")
"""Boundaries change at midnight by German time."""


@dataclass(frozen=True, slots=True)
class PlaceToDecide:
    """A place with its category's slug (none: the common case), accuracy in metres, and moment.

    ``asset_id``: the number on an asset that was named or scanned there. ``accepted``: intake has
    taken the report already, so nothing is outside any more.
    """

    coordinate: Coordinate
    category: str | None
    at: datetime
    accuracy_m: float | None = None
    accepted: bool = False
    asset_id: str | None = None


class UnknownCategory(LookupError):
    """The catalogue has no such category; the message names those it has."""


class RulesKeepChanging(RuntimeError):
    """Region files are applied faster than one question can be answered; try again."""


async def decide_places(
    connection: AsyncConnection, places: Sequence[PlaceToDecide], rulebooks: Rulebooks
) -> tuple[Rulebook, list[Decision]]:
    """The decisions in the order of ``places``, with the rulebook they were made by.

    Geometry and rules are of the same apply even if another one commits in between. An unknown
    category is decided like none. Raises RegionMissing.
    """
    if not places:
        return await rulebooks.current(connection), []
    rules, surroundings = await find_grounds(connection, places, rulebooks)
    pairs = zip(places, surroundings, strict=True)
    return rules, [_decide(place, around, rules) for place, around in pairs]


async def explain_place(
    connection: AsyncConnection, place: PlaceToDecide, rulebooks: Rulebooks
) -> tuple[Decision, tuple[StepTrace, ...]]:
    """The decision for one place with all its steps. Raises RegionMissing, UnknownCategory."""
    rules, (around,) = await find_grounds(connection, [place], rulebooks)
    if place.category and place.category not in rules.categories:
        names = ", ".join(sorted(rules.categories))
        raise UnknownCategory(f"“{place.category}” is no category; use one of: {names}")
    steps = explain_steps(question_of(place, rules), around, rules)
    return _decide(place, around, rules), steps


async def find_grounds(
    connection: AsyncConnection, places: Sequence[PlaceToDecide], rulebooks: Rulebooks
) -> tuple[Rulebook, list[Surroundings]]:
    """The rules and the surroundings of ``places``, of the same apply. Raises RegionMissing."""
    spots = [Spot(place.coordinate, local_day(place.at), place.asset_id) for place in places]
    for _ in range(TRIES):
        version, surroundings = await find_surroundings(connection, spots)
        if version is None:
            raise RegionMissing
        rules = await rulebooks.of_version(connection, version)
        if rules.version == version:
            return rules, surroundings
    raise RulesKeepChanging("the region was applied again while deciding; try again")


def _decide(place: PlaceToDecide, surroundings: Surroundings, rules: Rulebook) -> Decision:
    around = replace(surroundings, received=True) if place.accepted else surroundings
    return decide(question_of(place, rules), around, rules)


def question_of(place: PlaceToDecide, rules: Rulebook) -> Question:
    """What is asked of the rules for ``place``."""
    category = rules.categories.get(place.category) if place.category else None
    return Question(local_day(place.at), category, place.accuracy_m)


def local_day(moment: datetime) -> date:
    """The day that rules count by."""
    return moment.astimezone(LOCAL_TIME).date()
