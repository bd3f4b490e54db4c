"""Take the file of a case that lies outside: everything that decides about it, locked."""

from dataclasses import dataclass
from uuid import UUID

from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.outside import OutsideFile
from melder_routing.store.cases import lock_case
from melder_routing.store.endpoints import Endpoint, find_endpoint
from melder_routing.store.outside_cases import (
    find_case_id,
    get_client_name,
    lock_outside,
    read_shown,
    read_told,
)


@dataclass(frozen=True, slots=True)
class OpenFile:
    """The file, and the endpoint of the body it is about."""

    file: OutsideFile
    endpoint: Endpoint


async def open_outside_file(unit: UnitOfWork, outside_id: UUID) -> OpenFile | None:
    """The file; none for an unknown one.

    Case first, then what lies beside it: every writer of a case locks in this order, so nothing
    that comes meanwhile is missed.
    """
    case_id = await find_case_id(unit.connection, outside_id)
    if case_id is None:
        return None
    case = await lock_case(unit.connection, case_id)
    outside = await lock_outside(unit.connection, outside_id)
    endpoint = await find_endpoint(unit.connection, outside.body)
    if endpoint is None:
        return None
    file = OutsideFile(
        outside=outside,
        case=case,
        entry=None if endpoint.removed else endpoint.entry,
        shown=await read_shown(unit.connection, outside),
        told=await read_told(unit.connection, outside_id),
        came_from=await get_client_name(unit.connection, case_id),
    )
    return OpenFile(file, endpoint)
