"""A clerk keeps a photo from the public, or takes it back."""

from uuid import UUID

from melder_common.events import CasePhotoRedacted
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case_changes import ChangeRefused, touched
from melder_routing.domain.history import HistoryKind
from melder_routing.store.case_contents import (
    count_photos_to_review,
    get_photo_state,
    set_photo,
)
from melder_routing.use_cases.on_case import Act, keep_case, say, take_case

HIDEABLE = frozenset({"ready", "release_asked", "released"})


async def hide_photo(unit: UnitOfWork, act: Act, photo_id: UUID) -> None:
    """Ask media to hide ``photo_id``.

    Raises CaseNotFound, StaleWrite, and ChangeRefused where there is nothing to hide.
    """
    case = await take_case(unit, act)
    if await get_photo_state(unit.connection, case.case_id, photo_id) not in HIDEABLE:
        raise ChangeRefused("no_photo")
    await set_photo(unit.connection, photo_id, state="hide_asked")
    left = await count_photos_to_review(unit.connection, case.case_id)
    after = touched(case, photos_to_review=left)
    await keep_case(unit, act, case, after, HistoryKind.PHOTO_HIDE_ASKED, refers_to=photo_id)
    hidden = CasePhotoRedacted(
        case_id=case.case_id, report_id=case.report_id, photo_id=photo_id, hidden=True
    )
    say(unit, case, hidden)
