"""A clerk corrects the category: policy, deadline and responsibility follow it."""

from dataclasses import replace
from typing import Any

from melder_common.event_values import PublicationPolicy
from melder_common.events import CaseRecategorised
from melder_common.geo import Coordinate
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case import Case
from melder_routing.domain.case_changes import ChangeRefused
from melder_routing.domain.history import HistoryEntry, HistoryKind
from melder_routing.domain.rulebook import Category, Rulebook
from melder_routing.domain.states import is_closed
from melder_routing.domain.visibility import acting_body
from melder_routing.domain.working_days import add_working_days
from melder_routing.store.cases import get_facts
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.use_cases.decide_places import (
    PlaceToDecide,
    UnknownCategory,
    decide_places,
)
from melder_routing.use_cases.on_case import Act, say, take_case
from melder_routing.use_cases.settle_decision import settle_decision


async def recategorise_case(unit: UnitOfWork, act: Act, slug: str, rulebooks: Rulebooks) -> None:
    """Give an open case the category ``slug``, and to whom it belongs by it.

    Raises CaseNotFound, StaleWrite, ChangeRefused (closed, the same category), UnknownCategory,
    RegionMissing.
    """
    case = await take_case(unit, act)
    if is_closed(case.state):
        raise ChangeRefused("closed")
    if case.category == slug:
        raise ChangeRefused("same_category")
    facts = await get_facts(unit.connection, case.case_id)
    wanted = PlaceToDecide(
        Coordinate(facts.place.lat, facts.place.long),
        slug,
        unit.now,
        facts.place.accuracy_m,
        accepted=True,
        asset_id=facts.place.asset_id,
    )
    rules, (decision,) = await decide_places(unit.connection, [wanted], rulebooks)
    category = rules.categories.get(slug)
    if category is None or category.removed:
        raise UnknownCategory(f"“{slug}” is no category")
    line = HistoryEntry(
        HistoryKind.RECATEGORISED,
        body=acting_body(case, act.scope),
        clerk_id=act.scope.clerk_id,
        version=case.version + 1,
        codes={"from": case.category, "to": slug},
    )
    say(unit, case, _event(case, category))
    corrected = replace(facts, category=category.ref, policy=category.policy)
    changes = _changes(case, facts.policy, category, rules)
    await settle_decision(unit, case, decision, corrected, line, changes=changes)


def _event(case: Case, category: Category) -> CaseRecategorised:
    return CaseRecategorised(
        case_id=case.case_id,
        report_id=case.report_id,
        category=category.ref,
        policy=category.policy,
    )


def _changes(
    case: Case, before: PublicationPolicy, category: Category, rules: Rulebook
) -> dict[str, Any]:
    """A text nobody could publish before has to be looked at now, and the other way round."""
    was_never = before.text == "never"
    reviewable = category.policy.text != "never"
    return {
        "category": category.slug,
        "category_name": category.ref.name,
        "policy": category.policy.model_dump(mode="json"),
        "hazard": case.hazard or category.hazard,
        "due_at": add_working_days(case.submitted_at, category.due_days, rules.holidays),
        "text_to_review": reviewable and (case.text_to_review or was_never),
    }
