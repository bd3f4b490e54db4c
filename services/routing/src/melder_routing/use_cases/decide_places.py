"""Decide who is responsible for many places at once: one query, then pure rules."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.geo import Coordinate
from melder_routing.domain.areas import Surroundings
from melder_routing.domain.decide import Question, decide
from melder_routing.domain.decision import Decision
from melder_routing.domain.rulebook import Rulebook
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
    spots = [Spot(place.coordinate, _local_day(place.at), place.asset_id) for place in places]
    for _ in range(TRIES):
        version, surroundings = await find_surroundings(connection, spots)
        if version is None:
            raise RegionMissing
        rules = await rulebooks.of_version(connection, version)
        if rules.version == version:
            pairs = zip(places, surroundings, strict=True)
            return rules, [_decide(place, around, rules) for place, around in pairs]
    raise RulesKeepChanging("the region was applied again while deciding; try again")


def _decide(place: PlaceToDecide, surroundings: Surroundings, rules: Rulebook) -> Decision:
    category = rules.categories.get(place.category) if place.category else None
    question = Question(_local_day(place.at), category, place.accuracy_m)
    around = replace(surroundings, received=True) if place.accepted else surroundings
    return decide(question, around, rules)


def _local_day(moment: datetime) -> date:
    return moment.astimezone(LOCAL_TIME).date()
