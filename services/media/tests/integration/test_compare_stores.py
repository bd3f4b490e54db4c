"""What only rows or only objects know is found."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from melder_common.ids import new_id
from melder_media.use_cases import compare_stores
from melder_media.use_cases.compare_stores import count_missing_objects, remove_unknown_objects

pytestmark = pytest.mark.integration


async def test_all_is_well(media: Any, pictures: Any, report_id: UUID) -> None:
    await media.upload(pictures.jpeg())
    await media.rendered(pictures.jpeg(), report_id)
    assert await count_missing_objects(media.service.units, media.parts) == 0
    assert await remove_unknown_objects(media.service.units, media.parts) == 0


async def test_lost_objects_are_counted(media: Any, pictures: Any, report_id: UUID) -> None:
    photo_id = await media.rendered(pictures.jpeg(), report_id)
    settings, objects = media.parts.settings, media.parts.objects
    await objects.delete(settings.s3_bucket_originals, [str(photo_id)])
    (name, _), *_ = await objects.list_names(settings.s3_bucket_renditions)
    await objects.delete(settings.s3_bucket_renditions, [name])
    assert await count_missing_objects(media.service.units, media.parts) == 2


async def test_objects_that_nobody_knows_are_removed_after_a_while(
    media: Any, pictures: Any, report_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = await media.rendered(pictures.jpeg(), report_id)
    settings, objects = media.parts.settings, media.parts.objects
    await objects.put(settings.s3_bucket_originals, str(new_id()), b"left over")
    await objects.put(settings.s3_bucket_renditions, f"{new_id()}/abc/full.webp", b"left over")
    assert await remove_unknown_objects(media.service.units, media.parts) == 0
    monkeypatch.setattr(compare_stores, "SETTLED", timedelta(seconds=-5))
    assert await remove_unknown_objects(media.service.units, media.parts) == 2
    left = [name for name, _ in await objects.list_names(settings.s3_bucket_originals)]
    assert left == [str(kept)]
    assert len(await objects.list_names(settings.s3_bucket_renditions)) == 6
