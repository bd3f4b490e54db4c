"""Builds intake: settings → engine, keys, clients, pages → app. Only here things are built."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import httpx
from fastapi import FastAPI

from melder_common.group_commit import GroupCommit
from melder_common.internal_auth import internal_headers
from melder_common.rate_limit import RateLimiter
from melder_common.sealing import SealingKeys
from melder_common.service import Service, install_edges
from melder_common.tokens import read_key
from melder_intake.bus import SUBSCRIPTIONS
from melder_intake.http.category_styles import category_styles_router
from melder_intake.http.docs import docs_router
from melder_intake.http.open311 import open311_router
from melder_intake.http.open311.errors import render_error
from melder_intake.http.plain_pages import plain_pages_router
from melder_intake.http.public_pages import public_pages_router
from melder_intake.http.region_map import region_map_router
from melder_intake.http.report_form import report_form_router
from melder_intake.http.tracking import tracking_router
from melder_intake.parts import Parts
from melder_intake.settings import IntakeSettings
from melder_intake.store.current_reception import CurrentReception
from melder_intake.store.known_clients import KnownClients
from melder_intake.store.media import Media
from melder_intake.store.responsibility import Responsibility
from melder_intake.store.tables import event_tables
from melder_intake.timers import HANDLERS, RECONCILERS
from melder_intake.use_cases.accept_report import Acceptance, accept_reports
from melder_intake.use_cases.rebuild_public_view import PUBLIC_VIEW
from melder_intake.use_cases.speak_report_snapshots import REPORT_SNAPSHOTS
from melder_web import Pages, install_pages
from melder_web.page_problems import render_page

ROUTERS = (
    open311_router,
    report_form_router,
    region_map_router,
    category_styles_router,
    tracking_router,
    public_pages_router,
    plain_pages_router,
    docs_router,
)


def build_app(settings: IntakeSettings) -> FastAPI:
    """The whole service. Raises SettingsError for a missing secret, AssetsMissing without CSS."""
    service = build_service(settings)
    return assemble(service, build_parts(settings, service))


def assemble(service: Service[Parts], parts: Parts) -> FastAPI:
    """The app around parts that are already built; tests bring their own."""
    settings = parts.settings

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with service.lifespan(parts)(app):
            yield
        for connection in parts.connections:
            await connection.aclose()

    app = FastAPI(
        title="melder intake",
        summary="Takes every report, shows the public what happens.",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    for router in ROUTERS:
        app.include_router(router(parts))
    health = install_edges(
        app,
        service,
        render_page=render_page(parts.pages),
        problems_by_path={"/open311": render_error},
        body_limits={"/melden": settings.request_bytes, "/open311/": settings.request_bytes},
    )

    async def has_catalogue() -> bool:
        return await parts.reception.get() is not None

    health.require("catalogue", has_catalogue)
    install_pages(app, parts.pages)
    return app


def build_service(settings: IntakeSettings) -> Service[Parts]:
    """Intake's runtime: engine, events, timers, checks."""
    return Service.build(
        settings,
        name="intake",
        tables=event_tables,
        subscriptions=SUBSCRIPTIONS,
        timers=HANDLERS,
        reconcilers=RECONCILERS,
        snapshots=(REPORT_SNAPSHOTS,),
        views=(PUBLIC_VIEW,),
    )


def build_parts(
    settings: IntakeSettings, service: Service[Parts], *, pages: Pages | None = None
) -> Parts:
    """What handlers, timers and routes work with; ``pages`` that are built already are used."""
    headers = internal_headers(settings.internal_token())
    trusted = httpx.create_ssl_context()  # reading all authorities takes a while
    inside = partial(httpx.AsyncClient, headers=headers, verify=trusted)
    routing = inside(base_url=settings.routing_internal_url)
    media = inside(base_url=settings.media_internal_url)
    acceptance = Acceptance(
        origin=settings.origin,
        tracking_key=read_key(settings.tracking_key_file),
        sealing=SealingKeys.load(settings.sealing_public_dir),
        spool_bytes=settings.spool_bytes,
        kept_for=settings.reports_kept,
        chance=random.SystemRandom(),
    )
    return Parts(
        settings=settings,
        units=service.units,
        reception=CurrentReception(service.engine),
        clients=KnownClients(service.engine),
        responsibility=Responsibility(routing, wait_s=settings.routing_wait_s),
        media=Media(media),
        acceptance=acceptance,
        accepting=GroupCommit(service.units, partial(accept_reports, acceptance=acceptance)),
        form_key=read_key(settings.form_key_file),
        limiter=RateLimiter(),
        pages=pages or Pages("melder_intake"),
        connections=(routing, media),
    )
