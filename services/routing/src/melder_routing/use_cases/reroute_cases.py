"""After boundaries or competences changed: ask again for the open cases nobody has accepted."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.clock import utc_now
from melder_common.geo import Coordinate
from melder_common.unit_of_work import UnitsOfWork
from melder_routing.domain.case import Case
from melder_routing.domain.decision import Decision
from melder_routing.domain.rerouting import changes_hands
from melder_routing.store.cases import CaseFacts, list_unaccepted
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.use_cases.decide_places import PlaceToDecide, decide_places
from melder_routing.use_cases.settle_decision import settle_decision

BATCH = 200


@dataclass(frozen=True, slots=True)
class Rerouting:
    """A case that would lie with another body (slugs) or in another queue."""

    number: str
    before: str
    after: str
    queue: str


async def find_reroutings(connection: AsyncConnection, rulebooks: Rulebooks) -> list[Rerouting]:
    """Every open, unaccepted, unclaimed case that would go elsewhere now. Raises RegionMissing."""
    found = []
    async for batch in _batches(connection):
        for case, _, decision in await _decide(connection, batch, rulebooks):
            if changes_hands(case, decision):
                after = decision.responsible or decision.working
                name = after.slug if after else ""
                found.append(Rerouting(case.number, case.body.slug, name, decision.queue or ""))
    return found


async def reroute_cases(units: UnitsOfWork, rulebooks: Rulebooks) -> int:
    """Move them, one transaction for each batch; how many moved. Raises RegionMissing.

    A case that a clerk accepts or claims meanwhile stays where it is.
    """
    moved, after = 0, None
    while True:
        async with units.begin() as unit:
            batch = await list_unaccepted(unit.connection, after, BATCH, lock=True)
            if not batch:
                return moved
            for case, facts, decision in await _decide(unit.connection, batch, rulebooks):
                if changes_hands(case, decision):
                    await settle_decision(unit, case, decision, facts)
                    moved += 1
            after = batch[-1][0].case_id


async def _batches(
    connection: AsyncConnection,
) -> AsyncIterator[Sequence[tuple[Case, CaseFacts]]]:
    after: UUID | None = None
    while batch := await list_unaccepted(connection, after, BATCH):
        yield batch
        after = batch[-1][0].case_id


async def _decide(
    connection: AsyncConnection, batch: Sequence[tuple[Case, CaseFacts]], rulebooks: Rulebooks
) -> list[tuple[Case, CaseFacts, Decision]]:
    """As the reports were asked then, but by the rules and boundaries of today."""
    now = utc_now()
    places = [
        PlaceToDecide(
            Coordinate(facts.place.lat, facts.place.long),
            case.category,
            now,
            facts.place.accuracy_m,
            accepted=True,
            asset_id=facts.place.asset_id,
        )
        for case, facts in batch
    ]
    _, decisions = await decide_places(connection, places, rulebooks)
    return [(*one, decision) for one, decision in zip(batch, decisions, strict=True)]
