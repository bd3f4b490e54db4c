"""The audit of grants: which clerk used which right in another service."""

from collections.abc import Sequence

from melder_common.envelope import Heard
from melder_common.events import AccessGranted
from melder_common.unit_of_work import UnitOfWork
from melder_routing.store.case_contents import add_access_log


async def log_access(
    unit: UnitOfWork, heard: Sequence[Heard[AccessGranted]], _parts: object
) -> None:
    """Keep each use of a grant once; also for ContactAccessGranted."""
    rows = [
        {
            "grant_id": one.event.grant_id,
            "service": one.speaker,
            "clerk_id": one.event.clerk_id,
            "action": one.event.action,
            "object_id": one.event.object_id,
            "report_id": one.event.report_id,
            "used_at": one.event.used_at,
        }
        for one in heard
    ]
    await add_access_log(unit.connection, rows)
