"""Simulate a draft of the region file or of boundaries on the stored reports; write nothing.

The draft is brought in as it would be for good, in a transaction that is taken back: what the
simulation says is what the real apply or import does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path

from melder_common.geo import Coordinate
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.decision import Decision
from melder_routing.domain.simulation import Outcome, Replay, Simulation, find_moved
from melder_routing.store.replays import list_replays
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.use_cases.apply_region import apply_region
from melder_routing.use_cases.decide_places import LOCAL_TIME, PlaceToDecide, decide_places
from melder_routing.use_cases.import_boundaries import Wishes, import_boundaries
from melder_routing.use_cases.read_region import read_region

BATCH = 500


@dataclass(frozen=True, slots=True)
class Draft:
    """A region file, a boundary file with what is wished of it, or both (region first)."""

    region: Path | None = None
    boundaries: Path | None = None
    wishes: Wishes = field(default_factory=Wishes)


class NothingToSimulate(ValueError):
    """Neither a region file nor a boundary file was named."""


async def simulate_changes(
    unit: UnitOfWork, draft: Draft, *, since: datetime | None, limit: int, today: date
) -> Simulation:
    """Decide stored reports as if made on the draft's first day, without and with the draft.

    The caller takes ``unit`` back. Raises NothingToSimulate, RegionMissing, and whatever the real
    apply or import would refuse.
    """
    if draft.region is None and draft.boundaries is None:
        raise NothingToSimulate("name a draft: --region FILE, --boundaries FILE, or both")
    replays = await list_replays(unit.connection, since=since, limit=limit)
    day = max(today, draft.wishes.valid_from or today)
    before = [Outcome.of(decision) for decision in await _decide(unit, replays, day)]
    await _bring_in(unit, draft, today)
    after = await _decide(unit, replays, day)
    return Simulation(len(replays), day.isoformat(), list(find_moved(replays, before, after)))


async def _bring_in(unit: UnitOfWork, draft: Draft, today: date) -> None:
    if draft.region is not None:
        # clerks decide nothing, and their accounts would be locked until all is decided
        await apply_region(unit, read_region(draft.region), None)
    if draft.boundaries is not None:
        await import_boundaries(unit, draft.boundaries, draft.wishes, today=today)


async def _decide(unit: UnitOfWork, replays: Sequence[Replay], day: date) -> list[Decision]:
    noon = datetime.combine(day, time(12), tzinfo=LOCAL_TIME)
    rulebooks, found = Rulebooks(), list[Decision]()
    for start in range(0, len(replays), BATCH):
        places = [_place(replay, noon) for replay in replays[start : start + BATCH]]
        found += (await decide_places(unit.connection, places, rulebooks))[1]
    return found


def _place(replay: Replay, noon: datetime) -> PlaceToDecide:
    return PlaceToDecide(
        coordinate=Coordinate(replay.lat, replay.long),
        category=replay.category,
        at=noon,
        accuracy_m=replay.accuracy_m,
        accepted=True,
        asset_id=replay.asset_id,
    )
