"""What others say of a photo, and what the store holds: the words of the tests of its life."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from melder_common.clock import utc_now
from melder_common.event_values import Box
from melder_common.events import (
    CasePhotoRedacted,
    CasePhotoReleased,
)
from melder_common.grants import issue_grant
from melder_common.ids import new_id

WEEK = timedelta(days=7, minutes=1)


def released(photo_id: UUID, report_id: UUID) -> CasePhotoReleased:
    return CasePhotoReleased(case_id=new_id(), report_id=report_id, photo_id=photo_id)


def hidden(photo_id: UUID, report_id: UUID, *boxes: Box) -> CasePhotoRedacted:
    return CasePhotoRedacted(
        case_id=new_id(), report_id=report_id, photo_id=photo_id, boxes=boxes, hidden=not boxes
    )


def grant_for(media: Any, photo_id: UUID, report_id: UUID, **changes: Any) -> str:
    facts = {
        "audience": "media",
        "clerk_id": new_id(),
        "action": "photo.view",
        "object_id": photo_id,
        "report_id": report_id,
        "now": utc_now(),
    }
    return issue_grant(media.grant_key, **(facts | changes))


async def object_names(media: Any) -> set[str]:
    settings = media.parts.settings
    buckets = (settings.s3_bucket_originals, settings.s3_bucket_renditions)
    return {name for bucket in buckets for name, _ in await media.parts.objects.list_names(bucket)}
