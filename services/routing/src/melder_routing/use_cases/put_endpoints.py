"""Write the endpoints a region file declares, and have each of them listened to."""

from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.region import Region
from melder_routing.store.endpoints import put_endpoints as write_endpoints

LISTEN_TIMER = "open311_listen"


async def put_endpoints(unit: UnitOfWork, region: Region) -> None:
    """Bring the entries ``open311`` in; what is no longer there is neither sent to nor heard."""
    entries = {body.slug: body.open311 for body in region.bodies if body.open311 is not None}
    for slug in await write_endpoints(unit.connection, entries):
        await unit.plan(LISTEN_TIMER, slug, at=unit.now)
