"""What intake hears: event → use case. Equal to the hearers named in ``melder_common.events``."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from melder_common.envelope import Heard
from melder_common.events import (
    CaseHandedOver,
    CaseMerged,
    CaseMessagePosted,
    CaseRecategorised,
    CaseRelocated,
    CaseRouted,
    CaseSnapshot,
    CaseStatusChanged,
    CaseTextRedacted,
    CaseTextReleased,
    CatalogueBodyDescribed,
    CatalogueCategoryDescribed,
    CataloguePublished,
    CatalogueReceptionAreaDescribed,
    PhotoDeleted,
    PhotoReady,
    PhotoRedacted,
    PhotoRejected,
    PhotoReleased,
    PhotoSnapshot,
    ReplyReceived,
)
from melder_common.handlers import Handler, Subscriptions
from melder_common.unit_of_work import UnitOfWork
from melder_intake.parts import Parts
from melder_intake.use_cases import follow_case, follow_photos, learn_catalogue
from melder_intake.use_cases.take_reply import take_reply

UseCase = Callable[[UnitOfWork, Sequence[Heard[Any]]], Awaitable[None]]


def _apply(use_case: UseCase) -> Handler[Parts]:
    """A handler of a use case that needs nothing but its unit and the events."""

    async def handle(unit: UnitOfWork, heard: Sequence[Heard[Any]], _parts: Parts) -> None:
        await use_case(unit, heard)

    return handle


SUBSCRIPTIONS: Subscriptions[Parts] = {
    PhotoReady: _apply(follow_photos.follow_ready),
    PhotoRejected: _apply(follow_photos.follow_rejected),
    CaseRouted: _apply(follow_case.follow_routing),
    CaseStatusChanged: _apply(follow_case.follow_status),
    CaseHandedOver: _apply(follow_case.follow_hand_over),
    CaseMerged: _apply(follow_case.follow_merge),
    CaseRelocated: _apply(follow_case.follow_relocation),
    CaseRecategorised: _apply(follow_case.follow_category),
    CaseMessagePosted: _apply(follow_case.follow_message),
    CaseTextReleased: _apply(follow_case.follow_release),
    CaseTextRedacted: _apply(follow_case.follow_redaction),
    PhotoReleased: _apply(follow_photos.follow_released),
    PhotoRedacted: _apply(follow_photos.follow_redacted),
    ReplyReceived: _apply(take_reply),
    PhotoDeleted: _apply(follow_photos.follow_deleted),
    CatalogueBodyDescribed: _apply(learn_catalogue.learn_bodies),
    CatalogueCategoryDescribed: _apply(learn_catalogue.learn_categories),
    CatalogueReceptionAreaDescribed: _apply(learn_catalogue.learn_reception_area),
    CataloguePublished: _apply(learn_catalogue.put_catalogue_in_force),
    CaseSnapshot: _apply(follow_case.follow_snapshot),
    PhotoSnapshot: _apply(follow_photos.follow_photo_snapshot),
}
