"""A photo and its report find each other, whichever comes first, and nobody else gets it."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from melder_common.events import (
    PhotoReady,
    PhotoReceived,
    PhotoRejected,
    ReportErased,
)
from melder_common.ids import new_id
from melder_media.domain.claims import upload_token

from .photo_facts import object_names, released

pytestmark = pytest.mark.integration


class TestClaims:
    async def test_a_claim_without_proof_is_passed_over(
        self, media: Any, pictures: Any, report_id: UUID
    ) -> None:
        """Ids of released photos are public: a stranger must not get a word said of them."""
        victim = await media.rendered(pictures.jpeg(), report_id)
        await media.hear(released(victim, report_id), report_id)
        before = await media.spoken()
        for token in ("A" * 32, "spooled", "", upload_token(media.parts.upload_key, new_id())):
            await media.submit(new_id(), (victim, token))
        assert await media.carry_out() == []
        assert await media.spoken() == before
        assert (await media.get(victim)).status_code == 200

    async def test_a_photo_belongs_to_one_report(
        self, media: Any, pictures: Any, report_id: UUID
    ) -> None:
        claim = await media.upload(pictures.jpeg())
        await media.submit(report_id, claim)
        await media.submit(new_id(), claim)
        await media.carry_out()
        events = await media.spoken()
        assert [type(event) for event in events] == [PhotoReceived, PhotoReady]
        assert events[-1].report_id == report_id

    async def test_what_is_not_here_is_answered(
        self, media: Any, pictures: Any, report_id: UUID
    ) -> None:
        withdrawn, token = await media.upload(pictures.jpeg())
        await media.client.delete(f"/photos/{withdrawn}", params={"token": token})
        swept = new_id()
        await media.submit(
            report_id, (withdrawn, token), (swept, upload_token(media.parts.upload_key, swept))
        )
        rejected = [event for event in await media.spoken() if isinstance(event, PhotoRejected)]
        assert {event.photo_id for event in rejected} == {withdrawn, swept}
        assert {(event.report_id, event.reason) for event in rejected} == {
            (report_id, "unknown_photo")
        }


class TestSpooledFiles:
    async def test_file_before_claim(self, media: Any, pictures: Any, report_id: UUID) -> None:
        photo_id = new_id()
        answer = await media.pass_on(photo_id, report_id, pictures.jpeg())
        assert answer.status_code == 200
        assert answer.json()["upload_token"]
        await media.submit(report_id, (photo_id, "spooled"))
        await media.carry_out()
        assert isinstance((await media.spoken())[-1], PhotoReady)

    async def test_claim_before_file(self, media: Any, pictures: Any, report_id: UUID) -> None:
        photo_id = new_id()
        await media.submit(report_id, (photo_id, "spooled"))
        assert (await media.pass_on(photo_id, report_id, pictures.jpeg())).status_code == 200
        await media.carry_out()
        assert isinstance((await media.spoken())[-1], PhotoReady)

    async def test_file_and_claim_at_the_same_time(self, media: Any, pictures: Any) -> None:
        pairs = [(new_id(), new_id()) for _ in range(5)]
        await asyncio.gather(
            *(media.pass_on(photo, report, pictures.jpeg(40, 30)) for photo, report in pairs),
            *(media.submit(report, (photo, "spooled")) for photo, report in pairs),
        )
        await media.carry_out()
        ready = {e.photo_id: e.report_id for e in await media.spoken() if isinstance(e, PhotoReady)}
        assert ready == dict(pairs)

    async def test_passing_on_twice_changes_nothing(
        self, media: Any, pictures: Any, report_id: UUID
    ) -> None:
        photo_id = new_id()
        answers = [await media.pass_on(photo_id, report_id, pictures.jpeg()) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[0].json() == answers[1].json()
        await media.submit(report_id, (photo_id, "spooled"))
        await media.carry_out()
        assert [type(e) for e in await media.spoken()] == [PhotoReceived, PhotoReady]

    @pytest.mark.parametrize("claim_first", [True, False])
    async def test_a_useless_file_is_answered(
        self, media: Any, report_id: UUID, *, claim_first: bool
    ) -> None:
        photo_id = new_id()
        if claim_first:
            await media.submit(report_id, (photo_id, "spooled"))
        for _ in range(2):
            assert (await media.pass_on(photo_id, report_id, b"no picture")).status_code == 415
        if not claim_first:
            await media.submit(report_id, (photo_id, "spooled"))
        rejected = PhotoRejected(photo_id=photo_id, report_id=report_id, reason="not_an_image")
        assert await media.spoken() == [rejected]

    async def test_another_reports_claim_gets_nothing(
        self, media: Any, pictures: Any, report_id: UUID
    ) -> None:
        photo_id = new_id()
        await media.pass_on(photo_id, report_id, pictures.jpeg())
        await media.submit(new_id(), (photo_id, "spooled"))
        await media.submit(report_id, (photo_id, "spooled"))
        await media.carry_out()
        assert (await media.spoken())[-1].report_id == report_id

    async def test_a_file_that_never_comes_is_given_up(self, media: Any, report_id: UUID) -> None:
        photo_id = new_id()
        await media.submit(report_id, (photo_id, "spooled"))
        await media.carry_out(later=timedelta(days=15))
        assert (await media.spoken())[-1].reason == "never_arrived"

    async def test_a_file_after_the_erasure_is_not_kept(
        self, media: Any, pictures: Any, report_id: UUID
    ) -> None:
        photo_id = new_id()
        await media.submit(report_id, (photo_id, "spooled"))
        await media.hear(ReportErased(report_id=report_id, cause="request"), report_id)
        assert (await media.pass_on(photo_id, report_id, pictures.jpeg())).status_code == 410
        assert await object_names(media) == set()

    async def test_only_with_the_internal_token(self, media: Any, pictures: Any) -> None:
        answer = await media.client.put(
            f"/internal/photos/{new_id()}",
            content=pictures.jpeg(),
            headers={"X-Report-Id": str(new_id())},
        )
        assert answer.status_code == 401
