"""Write the bodies that a region file has reached by links."""

from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.region import Region
from melder_routing.store.case_links import put_link_receivers as write_receivers


async def put_link_receivers(unit: UnitOfWork, region: Region) -> None:
    """Bring the entries ``case_link`` in; the links of who is no longer there end."""
    entries = {body.slug: body.case_link for body in region.bodies if body.case_link is not None}
    await write_receivers(unit.connection, entries)
