"""List what can be reported at a place, or to a body: one question instead of one per category."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.geo import Coordinate
from melder_routing.domain.decision import Decision
from melder_routing.domain.services import services_at, services_of
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.use_cases.decide_places import PlaceToDecide, find_grounds, local_day


async def list_services_at(
    connection: AsyncConnection, coordinate: Coordinate, at: datetime, rulebooks: Rulebooks
) -> Mapping[str, Decision]:
    """Every category's decision at the place, by slug. Raises RegionMissing."""
    place = PlaceToDecide(coordinate=coordinate, category=None, at=at)
    rules, (surroundings,) = await find_grounds(connection, [place], rulebooks)
    return services_at(surroundings, local_day(at), rules)


async def list_services_of(
    connection: AsyncConnection, body: str, at: datetime, rulebooks: Rulebooks
) -> tuple[str, ...]:
    """The slugs of the categories that ``body`` may have. Raises RegionMissing."""
    rules = await rulebooks.current(connection)
    return services_of(body, local_day(at), rules)
