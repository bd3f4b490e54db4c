"""A clerk moves the pin: the place is decided anew, also across a border."""

from dataclasses import replace

from melder_common.events import CaseRelocated
from melder_common.geo import Coordinate
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case_changes import ChangeRefused
from melder_routing.domain.history import HistoryEntry, HistoryKind
from melder_routing.domain.states import is_closed
from melder_routing.domain.tiles import tile_of
from melder_routing.domain.visibility import acting_body
from melder_routing.store.cases import get_facts
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.use_cases.decide_places import PlaceToDecide, decide_places
from melder_routing.use_cases.on_case import Act, say, take_case
from melder_routing.use_cases.settle_decision import settle_decision


async def relocate_case(
    unit: UnitOfWork, act: Act, coordinate: Coordinate, rulebooks: Rulebooks
) -> None:
    """Move an open case to ``coordinate``, and to whom it belongs there.

    The clerk saw the place: accuracy and address of the report no longer count. Raises
    CaseNotFound, StaleWrite, ChangeRefused (closed), RegionMissing.
    """
    case = await take_case(unit, act)
    if is_closed(case.state):
        raise ChangeRefused("closed")
    facts = await get_facts(unit.connection, case.case_id)
    place = facts.place.model_copy(
        update={
            "lat": coordinate.lat,
            "long": coordinate.long,
            "accuracy_m": None,
            "address": None,
            "address_id": None,
        }
    )
    wanted = PlaceToDecide(
        coordinate, case.category, unit.now, accepted=True, asset_id=place.asset_id
    )
    _, (decision,) = await decide_places(unit.connection, [wanted], rulebooks)
    line = HistoryEntry(
        HistoryKind.RELOCATED,
        body=acting_body(case, act.scope),
        clerk_id=act.scope.clerk_id,
        version=case.version + 1,
    )
    moved = CaseRelocated(
        case_id=case.case_id,
        report_id=case.report_id,
        place=place,
        municipality=decision.municipality,
    )
    say(unit, case, moved)
    changes = {
        "lat": place.lat,
        "long": place.long,
        "tile": tile_of(place.lat, place.long),
        "accuracy_m": None,
        "address": None,
    }
    await settle_decision(unit, case, decision, replace(facts, place=place), line, changes=changes)
