"""The store stops and comes back: no photo is lost, nobody waits for it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from melder_common.events import PhotoReady, PhotoReceived
from melder_common.ids import new_id
from melder_common.testing.processes import Process
from melder_common.testing.s3 import S3Store

pytestmark = pytest.mark.integration


@pytest.fixture
def weed(s3_process: tuple[S3Store, Process], media: Any) -> Iterator[Process]:
    process = s3_process[1]
    yield process
    if process.ended() is not None:
        process.start()
        process.wait_ready(90)
    rest(media)


def rest(media: Any) -> None:
    """Let the fuse of the store forget what happened, as time does."""
    media.parts.objects._breaker.succeeded()


async def spooled_rows(media: Any) -> list[tuple[int, int]]:
    async with media.service.engine.connect() as connection:
        rows = await connection.exec_driver_sql(
            "SELECT number, length(content) FROM media.spool_chunk ORDER BY photo_id, number"
        )
        return [(row[0], row[1]) for row in rows]


async def test_uploads_go_on_without_the_store(
    media: Any, pictures: Any, report_id: UUID, weed: Process
) -> None:
    weed.kill()
    noise = pictures.noise(1250, 900)
    assert 1_200_000 < len(noise) < 2_000_000
    claim = await media.upload(noise)
    passed_on = new_id()
    assert (await media.pass_on(passed_on, report_id, pictures.jpeg())).status_code == 200
    await media.submit(report_id, claim, (passed_on, "spooled"))
    assert (await media.get(claim[0], token=claim[1])).status_code == 200
    rows = await spooled_rows(media)
    assert len(rows) == 3
    assert max(size for _, size in rows) <= 1 << 20
    await media.carry_out()
    assert [type(event) for event in await media.spoken()] == [PhotoReceived, PhotoReceived]

    weed.start()
    weed.wait_ready(90)
    rest(media)
    done = await media.carry_out(later=timedelta(minutes=1))
    assert set(done) == {"render_photo", "move_to_store"}
    ready = {event.photo_id for event in await media.spoken() if isinstance(event, PhotoReady)}
    assert ready == {claim[0], passed_on}
    assert await spooled_rows(media) == []
    originals = await media.parts.objects.list_names(media.parts.settings.s3_bucket_originals)
    assert {name for name, _ in originals} == {str(claim[0]), str(passed_on)}


async def test_a_full_spool_says_so_and_keeps_what_it_has(
    media: Any, settings: Any, pictures: Any, weed: Process
) -> None:
    from melder_media.main import build_api

    weed.kill()
    first, _ = await media.upload(pictures.jpeg())
    held = sum(size for _, size in await spooled_rows(media))
    parts = replace(
        media.parts, settings=settings.model_copy(update={"spool_quota_bytes": held + 10})
    )
    media.client._transport.app = build_api(media.service, parts)
    answer = await media.client.post("/photos/", files={"photo": ("foto.jpg", pictures.jpeg())})
    assert (answer.status_code, answer.json()["code"]) == (503, "photos-not-taken-now")
    assert int(answer.headers["retry-after"]) > 0
    assert [event.photo_id for event in await media.spoken()] == [first]


async def test_a_withdrawn_photo_does_not_come_back_with_the_store(
    media: Any, pictures: Any, weed: Process
) -> None:
    weed.kill()
    photo_id, token = await media.upload(pictures.jpeg())
    answer = await media.client.delete(f"/photos/{photo_id}", params={"token": token})
    assert answer.status_code == 204
    assert await spooled_rows(media) == []
    weed.start()
    weed.wait_ready(90)
    rest(media)
    await media.carry_out(later=timedelta(minutes=1))
    assert await media.parts.objects.list_names(media.parts.settings.s3_bucket_originals) == []
