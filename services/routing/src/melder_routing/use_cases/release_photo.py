"""A clerk asks for a photo to become public; media carries it out."""

from uuid import UUID

from melder_common.events import CasePhotoReleased
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case_changes import ChangeRefused, touched
from melder_routing.domain.history import HistoryKind
from melder_routing.store.case_contents import (
    count_photos_to_review,
    get_photo_state,
    set_photo,
)
from melder_routing.store.cases import get_policy
from melder_routing.use_cases.on_case import Act, keep_case, say, take_case

RELEASABLE = frozenset({"ready", "hidden", "hide_asked"})


async def release_photo(unit: UnitOfWork, act: Act, photo_id: UUID) -> None:
    """Ask media to publish ``photo_id``.

    Raises CaseNotFound, StaleWrite, and ChangeRefused where the policy says never or the photo is
    none of this case, not ready, or public already.
    """
    case = await take_case(unit, act)
    if (await get_policy(unit.connection, case.case_id)).photo == "never":
        raise ChangeRefused("never_public")
    if await get_photo_state(unit.connection, case.case_id, photo_id) not in RELEASABLE:
        raise ChangeRefused("no_photo")
    await set_photo(unit.connection, photo_id, state="release_asked")
    left = await count_photos_to_review(unit.connection, case.case_id)
    after = touched(case, photos_to_review=left)
    await keep_case(unit, act, case, after, HistoryKind.PHOTO_RELEASE_ASKED, refers_to=photo_id)
    released = CasePhotoReleased(case_id=case.case_id, report_id=case.report_id, photo_id=photo_id)
    say(unit, case, released)
