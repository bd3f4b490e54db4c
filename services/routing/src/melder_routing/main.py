"""The only place that builds things: settings → engines, bus, timers → app."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from melder_common.cookies import CookiePolicy
from melder_common.database import make_engine
from melder_common.grants import load_private_key
from melder_common.internal_auth import require_internal
from melder_common.rate_limit import RateLimiter, limit_rate
from melder_common.sealing import SealingKeys
from melder_common.service import Breath, Service, install_edges
from melder_common.tokens import read_key
from melder_common.unit_of_work import UnitsOfWork
from melder_routing.bus import SUBSCRIPTIONS
from melder_routing.domain.link_tokens import LinkKey
from melder_routing.http.desk import Desk, install_desk, render_desk_problem
from melder_routing.http.link import LinkPages, link_router
from melder_routing.http.responsibility import responsibility_routes
from melder_routing.http.services import services_routes
from melder_routing.parts import Parts
from melder_routing.settings import RoutingSettings
from melder_routing.store.desk_units import DeskUnits
from melder_routing.store.link_office import LinkOffice
from melder_routing.store.metadata import EVENT_TABLES
from melder_routing.store.open311_addresses import Open311Addresses
from melder_routing.store.open311_client import Open311Client
from melder_routing.store.open311_line import Open311Line
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.timers import RECONCILERS, TIMERS
from melder_routing.use_cases.speak_case_snapshots import CASE_SNAPSHOTS
from melder_web import Pages, install_pages
from melder_web.page_problems import render_page

Connections = tuple[httpx.AsyncClient, ...]

BREATH = Breath(hear_s=0.05)
"""Reporters are told who is responsible, so routing adds little to the breath of intake."""


def build_service(settings: RoutingSettings) -> Service[Parts]:
    """The worker: what is heard and falls due, as the role ``routing_worker``."""
    return Service.build(
        settings,
        name="routing",
        tables=EVENT_TABLES,
        subscriptions=SUBSCRIPTIONS,
        timers=TIMERS,
        reconcilers=RECONCILERS,
        snapshots=(CASE_SNAPSHOTS,),
        breath=BREATH,
    )


def build_parts(settings: RoutingSettings, rulebooks: Rulebooks) -> tuple[Parts, Connections]:
    """What handlers and timers work with, and the connections to close in the end."""
    trusted = httpx.create_ssl_context(trust_env=False)  # reading all authorities takes a while
    outside = httpx.AsyncClient(headers={"User-Agent": "melder"}, verify=trusted, trust_env=False)
    connections = [outside]
    media = None
    if settings.media_url is not None:
        media = httpx.AsyncClient(base_url=str(settings.media_url), verify=trusted, trust_env=False)
        connections.append(media)
    client = Open311Client(outside)
    addresses = Open311Addresses(client, settings.open311_keys_dir)
    links = LinkOffice(
        LinkKey(read_key(settings.case_link_key_file)),
        SealingKeys.load(settings.sealing_public_dir),
        settings.origin,
    )
    parts = Parts(rulebooks, Open311Line(client, addresses, media), links, settings.origin)
    return parts, tuple(connections)


def build_app(settings: RoutingSettings) -> FastAPI:
    """The service with its pages; requests use the role ``routing_desk`` only."""
    service = build_service(settings)
    rulebooks = Rulebooks()
    parts, connections = build_parts(settings, rulebooks)
    desk_engine = make_engine(
        settings.desk_database_url,
        password_file=settings.desk_database_password_file,
        application_name=f"routing desk {settings.instance}",
        pool_size=settings.pool_size,
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with service.lifespan(parts)(app):
            try:
                yield
            finally:
                await desk_engine.dispose()
        for connection in connections:
            await connection.aclose()

    app = FastAPI(
        title="melder routing",
        description="Who is responsible, and the desk of the people who work on it.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    asking = limit_rate(RateLimiter(), "responsibility", settings.questions_per_client)
    app.include_router(
        responsibility_routes(
            desk_engine,
            rulebooks,
            require_internal=require_internal(settings.internal_token()),
            limit=asking,
        )
    )
    app.include_router(
        services_routes(
            desk_engine,
            rulebooks,
            require_internal=require_internal(settings.internal_token()),
        )
    )
    pages = Pages("melder_routing")
    desk_pages = Pages("melder_routing", site=pages.site.in_first_language())
    desk = build_desk(settings, service, desk_engine, desk_pages, rulebooks)
    install_desk(app, desk)
    app.include_router(link_router(LinkPages(desk.units, pages, parts.links.key, clock=desk.clock)))
    install_edges(
        app,
        service,
        render_page=render_page(pages),
        problems_by_path={"/desk": render_desk_problem(desk_pages)},
    )
    install_pages(app, pages)
    return app


def build_desk(
    settings: RoutingSettings,
    service: Service[Parts],
    engine: AsyncEngine,
    pages: Pages,
    rulebooks: Rulebooks,
) -> Desk:
    """The desk on its own engine, so that row-level security holds for every request."""
    units = UnitsOfWork(
        engine,
        tables=EVENT_TABLES,
        speaker="routing",
        partitions=settings.partitions,
        wakeup=service.units.wakeup,
        clock=service.units.clock,
    )
    return Desk(
        units=DeskUnits(units),
        pages=pages,
        cookies=CookiePolicy.of_public_url(settings.origin),
        session_key=read_key(settings.session_key_file),
        grant_key=load_private_key(settings.grant_private_key_file),
        clock=service.units.clock,
        rulebooks=rulebooks,
    )
