"""The only place that builds things: settings → keys, store, sanitiser, event runtime → app."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from melder_common.edges import install_edges
from melder_common.grants import load_public_key
from melder_common.rate_limit import RateLimiter
from melder_common.runtime import Runtime
from melder_common.service import Breath, Service
from melder_common.settings import read_secret
from melder_common.tokens import read_key
from melder_media.bus import SUBSCRIPTIONS
from melder_media.http.internal import internal_router
from melder_media.http.pictures import picture_router
from melder_media.http.uploads import upload_router
from melder_media.parts import Parts
from melder_media.sanitiser.client import Limits, Sanitiser
from melder_media.settings import MediaSettings
from melder_media.store.arrivals import Arrivals
from melder_media.store.object_store import ObjectStore
from melder_media.store.sealing import MasterKey
from melder_media.store.tables import event_tables
from melder_media.timers import TIMERS
from melder_media.use_cases.compare_stores import RECONCILERS
from melder_media.use_cases.speak_photo_snapshots import PHOTO_SNAPSHOTS
from melder_web import Pages, install_pages
from melder_web.page_problems import render_page

BREATH = Breath(speak_s=0.25, hear_s=0.5)
"""A photo's claim, and the news that it is ready, are nothing that anybody sits and waits for."""
FORM_OVERHEAD = 64 * 1024
"""What a form may send around the photo: boundaries, headers, the way back."""


def build_app(settings: MediaSettings) -> FastAPI:
    """The whole service as one ASGI application."""
    parts = build_parts(settings)
    return build_api(build_service(settings), parts)


def build_api(service: Service[Parts], parts: Parts) -> FastAPI:
    """The routes and their surroundings; events and timers run while the app lives."""

    def started(runtime: Runtime[Parts]) -> None:
        parts.arrivals.transport = runtime.transport

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            async with service.lifespan(parts, started=started)(app):
                yield
        finally:
            parts.sanitiser.close()
            parts.objects.close()

    pages = Pages("melder_web", templates="templates")
    app = FastAPI(title="melder media", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.include_router(upload_router(parts, service.units, RateLimiter()))
    app.include_router(picture_router(parts, service.units))
    app.include_router(internal_router(parts, service.units))
    largest = parts.settings.max_upload_bytes + FORM_OVERHEAD
    install_edges(
        app,
        service,
        render_page=render_page(pages),
        body_limits={"/photos/": largest, "/internal/photos/": largest},
    )
    install_pages(app, pages)
    return app


def build_service(settings: MediaSettings) -> Service[Parts]:
    """The event runtime, not yet connected to anything."""
    return Service.build(
        settings,
        name="media",
        tables=event_tables,
        subscriptions=SUBSCRIPTIONS,
        timers=TIMERS,
        reconcilers=RECONCILERS,
        snapshots=(PHOTO_SNAPSHOTS,),
        breath=BREATH,
    )


def build_parts(settings: MediaSettings) -> Parts:
    """Keys, store and sanitiser. Raises SettingsError when a secret is missing."""
    return Parts(
        settings=settings,
        objects=ObjectStore(
            settings.s3_endpoint,
            access_key=read_secret(settings.s3_access_key_file),
            secret_key=read_secret(settings.s3_secret_key_file),
            secure=settings.s3_secure,
            region=settings.s3_region,
        ),
        arrivals=Arrivals(),
        sanitiser=Sanitiser(
            Limits(
                max_pixels=settings.max_pixels,
                memory=settings.sanitiser_memory,
                cpu_seconds=settings.sanitiser_cpu_seconds,
                processes=settings.sanitiser_processes,
            )
        ),
        master_key=MasterKey(read_key(settings.original_key_file)),
        upload_key=read_key(settings.upload_key_file),
        grant_key=load_public_key(settings.grant_public_key_file),
    )
