"""The service on real PostgreSQL and a real S3 store; events and timers are driven by the tests."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from nacl.signing import SigningKey
from sqlalchemy import select

from melder_common.clock import utc_now
from melder_common.envelope import Heard, open_envelope
from melder_common.event_values import PhotoClaim, Place
from melder_common.events import Event, ReportSubmitted
from melder_common.grants import generate_grant_keys, load_private_key
from melder_common.ids import new_id
from melder_common.service import Service
from melder_common.testing.plugin import ServiceDatabase
from melder_common.testing.s3 import S3Store
from melder_common.timer_runner import Timers
from melder_media.bus import SUBSCRIPTIONS
from melder_media.main import build_api, build_parts, build_service
from melder_media.parts import Parts
from melder_media.settings import MediaSettings
from melder_media.store.tables import event_tables
from melder_media.timers import TIMERS

INTERNAL_TOKEN = "internal-token-of-this-test"


@pytest.fixture(scope="session")
def media_secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("secrets")
    generate_grant_keys(directory / "private.pem", directory / "public.pem")
    for name, secret in {
        "upload": "ab" * 32,
        "original": "cd" * 32,
        "internal": INTERNAL_TOKEN,
    }.items():
        (directory / name).write_text(secret)
    return directory


@pytest.fixture
async def settings(
    service_database: ServiceDatabase, s3_server: S3Store, media_secrets: Path
) -> MediaSettings:
    (media_secrets / "s3_access").write_text(s3_server.access_key)
    (media_secrets / "s3_secret").write_text(s3_server.secret_key)
    return MediaSettings(
        database_url=await service_database("media"),
        public_url="http://127.0.0.1:8000",
        internal_token_file=media_secrets / "internal",
        s3_endpoint=s3_server.endpoint,
        s3_secure=False,
        s3_access_key_file=media_secrets / "s3_access",
        s3_secret_key_file=media_secrets / "s3_secret",
        upload_key_file=media_secrets / "upload",
        original_key_file=media_secrets / "original",
        grant_public_key_file=media_secrets / "public.pem",
        max_upload_bytes=2_000_000,
    )


@dataclass
class Media:
    """The service, and hands to move it with."""

    app: FastAPI
    client: httpx.AsyncClient
    service: Service[Parts]
    parts: Parts
    grant_key: SigningKey

    async def upload(self, content: bytes) -> tuple[UUID, str]:
        """Send a photo as a browser with JavaScript does; its id and token."""
        answer = await self.client.post("/photos/", files={"photo": ("foto.jpg", content)})
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["photo_id"]), answer.json()["upload_token"]

    async def pass_on(self, photo_id: UUID, report_id: UUID, content: bytes) -> httpx.Response:
        """Send a file as intake does."""
        return await self.client.put(
            f"/internal/photos/{photo_id}",
            content=content,
            headers={"Authorization": f"Bearer {INTERNAL_TOKEN}", "X-Report-Id": str(report_id)},
        )

    async def hear(self, event: Event, report_id: UUID) -> None:
        """Apply an event as the consumer does."""
        heard = Heard(
            event=event,
            event_id=new_id(),
            speaker=event.SPEAKER,
            partition=1,
            position=1,
            aggregate_id=report_id,
            report_id=report_id,
            occurred_at=utc_now(),
            seen={},
        )
        async with self.service.units.begin() as unit:
            await SUBSCRIPTIONS[type(event)](unit, [heard], self.parts)

    async def submit(self, report_id: UUID, *claims: tuple[UUID, str]) -> None:
        """Let a report with these photos be heard."""
        event = ReportSubmitted(
            report_id=report_id,
            number="K7M4Q2XA",
            source="web",
            category="road-pothole",
            place=Place(lat=54.09, long=12.14),
            description="Ein Loch",
            photos=tuple(PhotoClaim(photo_id=one, upload_token=token) for one, token in claims),
            submitted_at=utc_now(),
        )
        await self.hear(event, report_id)

    async def carry_out(self, *, later: timedelta = timedelta()) -> list[str]:
        """Carry out all that is due (``later`` from now); the kinds, failures included."""
        units = self.service.units
        clock = units.clock
        units.clock = lambda: clock() + later
        timers = Timers(units, TIMERS, self.parts, holder="test")
        done: list[str] = []
        while dues := await timers.claim(50):
            for due in dues:
                done.append(due.kind)
                await timers.carry_out(due)
        units.clock = clock
        return done

    async def spoken(self) -> list[Event]:
        """All events of the outbox, in order."""
        outbox = event_tables.outbox
        async with self.service.units.begin() as unit:
            rows = await unit.connection.execute(select(outbox.c.envelope).order_by(outbox.c.id))
            return [open_envelope(row.envelope, position=0).event for row in rows]

    async def rendered(self, content: bytes, report_id: UUID) -> UUID:
        """A photo that is ready and bound to ``report_id``."""
        claim = await self.upload(content)
        await self.submit(report_id, claim)
        await self.carry_out()
        return claim[0]

    async def get(
        self, photo_id: UUID, name: str = "thumbnail.webp", **query: str
    ) -> httpx.Response:
        """Ask for a picture."""
        return await self.client.get(f"/photos/{photo_id}/{name}", params=query)


@pytest.fixture
async def media(settings: MediaSettings, media_secrets: Path) -> AsyncIterator[Media]:
    service, parts = build_service(settings), build_parts(settings)
    app = build_api(service, parts)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    try:
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1:8000"
        ) as client:
            key = load_private_key(media_secrets / "private.pem")
            yield Media(app, client, service, parts, key)
        await empty(parts)
    finally:
        parts.sanitiser.close()
        parts.objects.close()
        await service.engine.dispose()


async def empty(parts: Parts) -> None:
    """Leave nothing in the store for the next test."""
    for bucket in (parts.settings.s3_bucket_originals, parts.settings.s3_bucket_renditions):
        names = [name for name, _ in await parts.objects.list_names(bucket)]
        await parts.objects.delete(bucket, names)


@pytest.fixture
def report_id() -> UUID:
    return new_id()
