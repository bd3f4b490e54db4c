"""What the desk gets of a report: the report itself, the decision, and the queue it goes into."""

from dataclasses import dataclass

from melder_common.event_values import CategoryRef, PublicationPolicy
from melder_common.events import ReportSubmitted
from melder_routing.domain.decision import Decision
from melder_routing.domain.working_days import NO_HOLIDAYS, HolidayRules


@dataclass(frozen=True, slots=True)
class RoutedReport:
    """A report whose place was decided; ``use_cases/open_cases.py`` makes it a case.

    ``category`` and ``policy`` are the catalogue's at this moment. A category the catalogue no
    longer knows keeps its slug as its name, and its policy is ``never`` for everything.
    ``hazard``: the reporter or the category says that somebody may be in danger. ``due_days``: the
    category's working days, counted with the region's ``holidays``. ``decision.queue`` and
    ``decision.working`` are never empty here.
    """

    report: ReportSubmitted
    decision: Decision
    category: CategoryRef
    policy: PublicationPolicy
    hazard: bool = False
    due_days: int = 10
    holidays: HolidayRules = NO_HOLIDAYS
