"""Open a case for every routed report, put it into its queue and say so."""

from collections.abc import Sequence

from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.routed_report import RoutedReport


async def open_cases(unit: UnitOfWork, routed: Sequence[RoutedReport]) -> None:
    """Store ``routed`` in a few batch statements and record CaseRouted for each."""
    raise NotImplementedError
