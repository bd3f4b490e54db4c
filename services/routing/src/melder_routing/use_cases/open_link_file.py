"""Take the file of a case whose body gets a link: everything that decides about it, locked."""

from uuid import UUID

from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case_link import LinkFile
from melder_routing.store.case_links import (
    find_linked_case,
    find_receiver,
    has_pending_photos,
    lock_link,
    was_closed_since,
)
from melder_routing.store.cases import is_erased, lock_case
from melder_routing.store.holidays import find_holidays


async def open_link_file(unit: UnitOfWork, link_id: UUID) -> LinkFile | None:
    """The file; none for an unknown link. The case is locked first, as by every writer."""
    case_id = await find_linked_case(unit.connection, link_id)
    if case_id is None:
        return None
    case = await lock_case(unit.connection, case_id)
    link = await lock_link(unit.connection, link_id)
    return LinkFile(
        link=link,
        case=case,
        entry=await find_receiver(unit.connection, link.body),
        photos_pending=await has_pending_photos(unit.connection, case_id),
        erased=await is_erased(unit.connection, case_id),
        closed_since=await was_closed_since(unit.connection, case_id, link.issued_at),
        holidays=await find_holidays(unit.connection),
    )
