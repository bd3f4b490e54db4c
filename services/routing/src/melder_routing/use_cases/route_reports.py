"""Route accepted reports: decide who is responsible and open a case in that body's queue."""

from collections.abc import Sequence

from melder_common.event_values import CategoryRef, PublicationPolicy
from melder_common.events import ReportSubmitted
from melder_common.geo import Coordinate
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.decision import Decision
from melder_routing.domain.routed_report import RoutedReport
from melder_routing.domain.rulebook import Rulebook
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.use_cases.decide_places import PlaceToDecide, decide_places
from melder_routing.use_cases.open_cases import open_cases

_NOTHING_PUBLIC = PublicationPolicy(text="never", photo="never", place="never")


async def route_reports(
    unit: UnitOfWork, reports: Sequence[ReportSubmitted], rulebooks: Rulebooks
) -> None:
    """Decide all ``reports`` with one query and hand them to the desk. Raises RegionMissing."""
    places = [_place_of(report) for report in reports]
    rules, decisions = await decide_places(unit.connection, places, rulebooks)
    pairs = zip(reports, decisions, strict=True)
    await open_cases(unit, [_routed(report, decision, rules) for report, decision in pairs])


def _place_of(report: ReportSubmitted) -> PlaceToDecide:
    return PlaceToDecide(
        coordinate=Coordinate(report.place.lat, report.place.long),
        category=report.category,
        at=report.submitted_at,
        accuracy_m=report.place.accuracy_m,
        accepted=True,
        asset_id=report.place.asset_id,
    )


def _routed(report: ReportSubmitted, decision: Decision, rules: Rulebook) -> RoutedReport:
    category = rules.categories.get(report.category)
    if category is None:
        unknown = CategoryRef(slug=report.category, name={"de": report.category})
        return RoutedReport(
            report,
            decision,
            unknown,
            _NOTHING_PUBLIC,
            report.hazard,
            holidays=rules.holidays,
        )
    return RoutedReport(
        report=report,
        decision=decision,
        category=category.ref,
        policy=category.policy,
        hazard=report.hazard or category.hazard,
        due_days=category.due_days,
        holidays=rules.holidays,
    )
