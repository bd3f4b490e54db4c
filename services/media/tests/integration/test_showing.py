"""Who sees which picture, and for how long."""

from typing import Any
from uuid import UUID

import pytest

from melder_common.events import CasePhotoReleased
from melder_common.ids import new_id

pytestmark = pytest.mark.integration


async def publish(media: Any, pictures: Any, report_id: UUID) -> UUID:
    photo_id = await media.rendered(pictures.jpeg(), report_id)
    event = CasePhotoReleased(case_id=new_id(), report_id=report_id, photo_id=photo_id)
    await media.hear(event, report_id)
    return photo_id


async def test_a_released_photo_may_be_cached_for_a_while(
    media: Any, pictures: Any, report_id: UUID
) -> None:
    photo_id = await publish(media, pictures, report_id)
    answer = await media.get(photo_id, "list.webp")
    headers = answer.headers
    control = dict(part.strip().partition("=")[::2] for part in headers["cache-control"].split(","))
    assert 0 < int(control["max-age"]) <= 3600
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-disposition"].startswith("inline")
    assert headers["cross-origin-resource-policy"] == "cross-origin"

    again = await media.client.get(
        f"/photos/{photo_id}/list.webp", headers={"If-None-Match": headers["etag"]}
    )
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", headers["etag"])
    other = await media.client.get(
        f"/photos/{photo_id}/full.webp", headers={"If-None-Match": headers["etag"]}
    )
    assert other.status_code == 200


async def test_head_answers_without_the_picture(media: Any, pictures: Any, report_id: UUID) -> None:
    photo_id = await publish(media, pictures, report_id)
    answer = await media.client.head(f"/photos/{photo_id}/list.webp")
    assert (answer.status_code, answer.content) == (200, b"")


async def test_unknown_and_unreleased_look_the_same(
    media: Any, pictures: Any, report_id: UUID
) -> None:
    unreleased = await media.rendered(pictures.jpeg(), report_id)
    answers = [await media.get(photo_id) for photo_id in (unreleased, new_id())]
    shown = [(a.status_code, a.content, sorted(set(a.headers) - {"x-request-id"})) for a in answers]
    assert shown[0] == shown[1]
    assert shown[0][0] == 404


@pytest.mark.parametrize(
    "path",
    [
        "{id}/original.jpg",
        "{id}/full.png",
        "{id}/full",
        "{id}/.webp",
        "{id}/full.webp.jpg",
        "{id}/../full.webp",
        "{ID}/full.webp",
        "{id}x/full.webp",
        "%00/full.webp",
        "..%2f..%2fetc/full.webp",
        "{id}/%F0%9F%92%A9.webp",
    ],
)
async def test_other_addresses_are_unknown(
    media: Any, pictures: Any, report_id: UUID, path: str
) -> None:
    photo_id = await publish(media, pictures, report_id)
    address = path.format(id=photo_id, ID=str(photo_id).upper())
    answer = await media.client.get(f"/photos/{address}")
    assert answer.status_code in {400, 404, 405}


class TestUploadToken:
    async def test_shows_the_uploader_a_thumbnail_before_and_after_rendering(
        self, media: Any, pictures: Any, report_id: UUID
    ) -> None:
        photo_id, token = await media.upload(pictures.jpeg())
        assert (await media.get(photo_id, token=token)).status_code == 200
        await media.submit(report_id, (photo_id, token))
        await media.carry_out()
        for name in ("thumbnail.webp", "thumbnail.jpg"):
            answer = await media.get(photo_id, name, token=token)
            assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")

    async def test_shows_nothing_larger_and_nothing_else(
        self, media: Any, pictures: Any, report_id: UUID
    ) -> None:
        photo_id, token = await media.upload(pictures.jpeg())
        await media.submit(report_id, (photo_id, token))
        await media.carry_out()
        other, _ = await media.upload(pictures.jpeg())
        assert (await media.get(photo_id, "full.webp", token=token)).status_code == 404
        assert (await media.get(other, token=token)).status_code == 404
        assert (await media.get(photo_id, token=token + "x")).status_code == 404


async def test_a_lost_object_is_no_server_error(media: Any, pictures: Any, report_id: UUID) -> None:
    photo_id = await publish(media, pictures, report_id)
    bucket = media.parts.settings.s3_bucket_renditions
    names = [name for name, _ in await media.parts.objects.list_names(bucket)]
    await media.parts.objects.delete(bucket, names)
    answer = await media.get(photo_id)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")


async def test_swapped_objects_are_not_shown(media: Any, pictures: Any, report_id: UUID) -> None:
    """Whoever can write to the bucket cannot put one photo's bytes in place of another's."""
    first = await publish(media, pictures, report_id)
    await publish(media, pictures, new_id())
    bucket, objects = media.parts.settings.s3_bucket_renditions, media.parts.objects
    names = [name for name, _ in await objects.list_names(bucket) if name.endswith("full.webp")]
    mine = next(name for name in names if name.startswith(str(first)))
    other = next(name for name in names if not name.startswith(str(first)))
    await objects.put(bucket, mine, await objects.get(bucket, other))
    assert (await media.get(first, "full.webp")).status_code == 503
