"""Begin the public view again: from our reports, then from snapshots of cases and photos."""

from melder_common.unit_of_work import UnitOfWork
from melder_intake.store import public_view


async def rebuild_public_view(unit: UnitOfWork) -> int:
    """Drop the view and fill in what intake knows by itself; returns the number of reports.

    Until routing's and media's snapshots are heard, nothing but number and category is public.
    """
    return await public_view.reset_view(unit.connection)
