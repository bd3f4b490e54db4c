"""Upload → bind → ready → release → public → hidden → erased."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from melder_common.clock import utc_now
from melder_common.event_values import Box, PhotoClaim
from melder_common.events import (
    AccessGranted,
    PhotoDeleted,
    PhotoReady,
    PhotoReceived,
    PhotoRedacted,
    PhotoReleased,
    PhotoSnapshot,
    ReportCommented,
    ReportErased,
)
from melder_common.ids import new_id
from melder_media.use_cases.speak_photo_snapshots import speak_photo_snapshots

from .photo_facts import WEEK, grant_for, hidden, object_names, released

pytestmark = pytest.mark.integration


async def test_the_whole_way(media: Any, pictures: Any, report_id: UUID) -> None:
    photo_id, token = await media.upload(pictures.talkative_jpeg())
    await media.submit(report_id, (photo_id, token))
    assert await media.carry_out() == ["render_photo"]
    assert (await media.get(photo_id)).status_code == 404

    await media.hear(released(photo_id, report_id), report_id)
    for name, kind in {
        "thumbnail.webp": "image/webp",
        "list.jpg": "image/jpeg",
        "full.webp": "image/webp",
    }.items():
        answer = await media.get(photo_id, name)
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
        assert b"CANARY" not in answer.content

    await media.hear(hidden(photo_id, report_id), report_id)
    assert (await media.get(photo_id)).status_code == 404

    await media.hear(released(photo_id, report_id), report_id)
    assert (await media.get(photo_id)).status_code == 200

    await media.hear(ReportErased(report_id=report_id, cause="request"), report_id)
    assert (await media.get(photo_id)).status_code == 404
    assert "delete_photo" in await media.carry_out()
    assert await object_names(media) == set()
    kinds = [type(event) for event in await media.spoken()]
    assert kinds == [
        PhotoReceived,
        PhotoReady,
        PhotoReleased,
        PhotoRedacted,
        PhotoReleased,
        PhotoDeleted,
    ]


async def test_nothing_in_the_store_can_be_read(media: Any, pictures: Any, report_id: UUID) -> None:
    photo_id, token = await media.upload(pictures.talkative_jpeg())
    await media.submit(report_id, (photo_id, token))
    await media.carry_out()
    settings = media.parts.settings
    for bucket in (settings.s3_bucket_originals, settings.s3_bucket_renditions):
        for name, _ in await media.parts.objects.list_names(bucket):
            kept = await media.parts.objects.get(bucket, name)
            assert not any(trace in kept for trace in (b"CANARY", b"JFIF", b"WEBP", b"Exif"))


async def test_release_before_rendering_is_remembered(
    media: Any, pictures: Any, report_id: UUID
) -> None:
    claim = await media.upload(pictures.jpeg())
    await media.submit(report_id, claim)
    await media.hear(released(claim[0], report_id), report_id)
    assert (await media.get(claim[0])).status_code == 404
    await media.carry_out()
    assert (await media.get(claim[0])).status_code == 200
    kinds = [type(event) for event in await media.spoken()]
    assert kinds == [PhotoReceived, PhotoReady, PhotoReleased]


async def test_regions_to_be_made_unreadable_hide_the_photo(
    media: Any, pictures: Any, report_id: UUID
) -> None:
    photo_id = await media.rendered(pictures.jpeg(), report_id)
    await media.hear(released(photo_id, report_id), report_id)
    await media.hear(
        hidden(photo_id, report_id, Box(x=0.1, y=0.1, width=0.2, height=0.2)), report_id
    )
    assert (await media.get(photo_id)).status_code == 404
    await media.hear(released(photo_id, report_id), report_id)
    assert (await media.get(photo_id)).status_code == 404, (
        "released although the regions are not drawn"
    )


async def test_another_report_cannot_release_or_hide(
    media: Any, pictures: Any, report_id: UUID
) -> None:
    photo_id = await media.rendered(pictures.jpeg(), report_id)
    stranger = new_id()
    await media.hear(released(photo_id, stranger), stranger)
    assert (await media.get(photo_id)).status_code == 404
    await media.hear(released(photo_id, report_id), report_id)
    await media.hear(hidden(photo_id, stranger), stranger)
    assert (await media.get(photo_id)).status_code == 200


async def test_events_heard_twice_change_nothing(
    media: Any, pictures: Any, report_id: UUID
) -> None:
    claim = await media.upload(pictures.jpeg())
    for _ in range(2):
        await media.submit(report_id, claim)
    await media.carry_out()
    for _ in range(2):
        await media.hear(released(claim[0], report_id), report_id)
    await media.submit(report_id, claim)
    await media.carry_out()
    kinds = [type(event) for event in await media.spoken()]
    assert kinds == [PhotoReceived, PhotoReady, PhotoReleased]


async def test_a_photo_that_came_with_a_comment_is_bound_too(
    media: Any, pictures: Any, report_id: UUID
) -> None:
    photo_id, token = await media.upload(pictures.jpeg())
    said = ReportCommented(
        report_id=report_id,
        comment_id=new_id(),
        text="",
        photos=(PhotoClaim(photo_id=photo_id, upload_token=token),),
        written_at=utc_now(),
        api_client="FixMyStreet",
    )
    await media.hear(said, report_id)
    await media.carry_out()
    assert (await media.spoken())[-1].report_id == report_id
    assert (await media.get(photo_id)).status_code == 404
    await media.hear(released(photo_id, report_id), report_id)
    assert (await media.get(photo_id)).status_code == 200


class TestGrants:
    async def test_a_clerk_sees_what_is_not_public_and_it_is_noted_once(
        self, media: Any, pictures: Any, report_id: UUID
    ) -> None:
        photo_id = await media.rendered(pictures.jpeg(), report_id)
        grant = grant_for(media, photo_id, report_id)
        for name in ("thumbnail.webp", "full.jpg"):
            answer = await media.get(photo_id, name, grant=grant)
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "no-store"
        noted = [e for e in await media.spoken() if isinstance(e, AccessGranted)]
        assert [(e.object_id, e.report_id, e.action) for e in noted] == [
            (photo_id, report_id, "photo.view")
        ]

    @pytest.mark.parametrize(
        "changes",
        [
            {"audience": "notify"},
            {"action": "photo.delete"},
            {"object_id": new_id()},
            {"now": utc_now() - timedelta(minutes=5)},
            {"now": utc_now() + timedelta(minutes=5)},
        ],
        ids=["audience", "action", "object", "expired", "not yet"],
    )
    async def test_another_grant_shows_nothing(
        self, media: Any, pictures: Any, report_id: UUID, changes: dict[str, Any]
    ) -> None:
        photo_id = await media.rendered(pictures.jpeg(), report_id)
        answer = await media.get(photo_id, grant=grant_for(media, photo_id, report_id, **changes))
        assert answer.status_code == 404

    async def test_a_tampered_grant_shows_nothing(
        self, media: Any, pictures: Any, report_id: UUID
    ) -> None:
        photo_id = await media.rendered(pictures.jpeg(), report_id)
        grant = grant_for(media, photo_id, report_id)
        for broken in (
            grant[:-2],
            "A" + grant[1:],
            grant + "x",
            "ä",
            "." * 50,
            grant.split(".")[0],
        ):
            assert (await media.get(photo_id, grant=broken)).status_code == 404
        assert not [e for e in await media.spoken() if isinstance(e, AccessGranted)]

    async def test_a_grant_ends_with_the_erasure(
        self, media: Any, pictures: Any, report_id: UUID
    ) -> None:
        photo_id = await media.rendered(pictures.jpeg(), report_id)
        grant = grant_for(media, photo_id, report_id)
        await media.hear(ReportErased(report_id=report_id, cause="request"), report_id)
        assert (await media.get(photo_id, grant=grant)).status_code == 404


class TestKeeping:
    async def test_an_erasure_during_rendering_leaves_nothing(
        self, media: Any, pictures: Any, report_id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        claim = await media.upload(pictures.jpeg())
        await media.submit(report_id, claim)
        put, erased = media.parts.objects.put, ReportErased(report_id=report_id, cause="request")

        async def erase_and_put(*arguments: Any, **options: Any) -> None:
            await media.hear(erased, report_id)
            monkeypatch.undo()
            await media.carry_out()
            await put(*arguments, **options)

        monkeypatch.setattr(media.parts.objects, "put", erase_and_put)
        done = await media.carry_out()
        assert done.count("render_photo") == 1
        assert await object_names(media) == set()
        assert [type(event) for event in await media.spoken()] == [PhotoReceived, PhotoDeleted]

    async def test_snapshots_tell_what_others_know(
        self, media: Any, pictures: Any, report_id: UUID
    ) -> None:
        shown = await media.rendered(pictures.jpeg(), report_id)
        await media.hear(released(shown, report_id), report_id)
        await media.upload(pictures.jpeg())
        async with media.service.units.begin() as unit:
            last = await speak_photo_snapshots(unit, None, 1)
        assert last == str(shown)
        async with media.service.units.begin() as unit:
            assert await speak_photo_snapshots(unit, last, 10) != last
        told = [event for event in await media.spoken() if isinstance(event, PhotoSnapshot)]
        assert [(event.photo_id, event.state, len(event.renditions)) for event in told] == [
            (shown, "released", 3)
        ]

    async def test_unclaimed_uploads_are_swept(self, media: Any, pictures: Any) -> None:
        photo_id, token = await media.upload(pictures.jpeg())
        media.parts.arrivals.transport = EverythingArrived()
        assert await media.carry_out(later=timedelta(days=6)) == []
        assert await media.carry_out(later=WEEK) == ["sweep_orphan", "delete_photo"]
        assert await object_names(media) == set()
        assert (await media.spoken())[-1] == PhotoDeleted(photo_id=photo_id)
        assert (await media.get(photo_id, token=token)).status_code == 404

    async def test_unclaimed_uploads_stay_while_intake_is_not_heard(
        self, media: Any, pictures: Any
    ) -> None:
        await media.upload(pictures.jpeg())
        assert await media.carry_out(later=WEEK) == ["sweep_orphan"]
        assert len(await object_names(media)) == 1

    async def test_claimed_photos_are_never_swept(
        self, media: Any, pictures: Any, report_id: UUID
    ) -> None:
        media.parts.arrivals.transport = EverythingArrived()
        await media.rendered(pictures.jpeg(), report_id)
        assert await media.carry_out(later=WEEK) == []

    async def test_originals_go_two_weeks_after_release(
        self, media: Any, pictures: Any, report_id: UUID
    ) -> None:
        photo_id = await media.rendered(pictures.jpeg(), report_id)
        await media.hear(released(photo_id, report_id), report_id)
        originals = media.parts.settings.s3_bucket_originals
        await media.carry_out(later=timedelta(days=13))
        assert len(await media.parts.objects.list_names(originals)) == 1
        await media.carry_out(later=timedelta(days=14, minutes=1))
        assert await media.parts.objects.list_names(originals) == []
        assert (await media.get(photo_id)).status_code == 200


class EverythingArrived:
    """A relay of intake that has said nothing yet."""

    async def ask_ends(self, _speaker: str, _partition: int, cursor: int) -> Any:
        from melder_common.transport import LogEnds

        return LogEnds(head=cursor, first=0)
