"""Begin the public view again: from our reports, then from snapshots of cases and photos."""

from typing import Final

from melder_common.snapshots import View
from melder_common.unit_of_work import UnitOfWork
from melder_intake.store.public_view_reset import reset_view


async def rebuild_public_view(unit: UnitOfWork) -> None:
    """Drop the view and fill in what intake knows by itself.

    Until routing's and media's snapshots are heard, nothing but number and category is public.
    """
    await reset_view(unit.connection)


PUBLIC_VIEW: Final = View(
    "public_view", rebuild_public_view, sources=(("routing", "case"), ("media", "photo"))
)
