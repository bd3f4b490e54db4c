"""The only place that builds things: settings → engines, bus, timers → app."""

from fastapi import FastAPI

from melder_common.database import make_engine
from melder_common.internal_auth import require_internal
from melder_common.service import Service, install_edges
from melder_routing.bus import SUBSCRIPTIONS
from melder_routing.http.responsibility import responsibility_routes
from melder_routing.parts import Parts
from melder_routing.settings import RoutingSettings
from melder_routing.store.metadata import EVENT_TABLES
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.timers import TIMERS


def build_service(settings: RoutingSettings) -> Service[Parts]:
    """The worker: what is heard and falls due, as the role ``routing_worker``."""
    return Service.build(
        settings,
        name="routing",
        tables=EVENT_TABLES,
        subscriptions=SUBSCRIPTIONS,
        timers=TIMERS,
    )


def build_app(settings: RoutingSettings) -> FastAPI:
    """The service with its pages; requests use the role ``routing_desk`` only."""
    service = build_service(settings)
    rulebooks = Rulebooks()
    desk_engine = make_engine(
        settings.desk_database_url,
        password_file=settings.desk_database_password_file,
        application_name=f"routing desk {settings.instance}",
        pool_size=settings.pool_size,
    )
    app = FastAPI(
        title="melder routing",
        description="Who is responsible, and the desk of the people who work on it.",
        lifespan=service.lifespan(Parts(rulebooks)),
        docs_url=None,
        redoc_url=None,
    )
    internal = require_internal(settings.internal_token())
    app.include_router(responsibility_routes(desk_engine, rulebooks, internal))
    install_edges(app, service)
    return app
