"""``/internal/services``: what can be reported at a place or to a body; asked by intake."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncEngine

from melder_common.event_values import BodyRef
from melder_routing.domain.decision import Status
from melder_routing.http.responsibility import no_region, read_coordinate
from melder_routing.store.rulebooks import RegionMissing, Rulebooks
from melder_routing.use_cases.list_services import list_services_at, list_services_of

Guard = Callable[[Request], Awaitable[None]]


class ServicesAnswer(BaseModel):
    """Slugs of categories, each with who is responsible where one is known."""

    services: dict[str, BodyRef | None]


def services_routes(
    engine: AsyncEngine, rulebooks: Rulebooks, *, require_internal: Guard
) -> APIRouter:
    """One question: ``lat`` and ``long``, or ``body``. ``engine`` reads the region only."""
    router = APIRouter()

    @router.get(
        "/internal/services", dependencies=[Depends(require_internal)], include_in_schema=False
    )
    async def services(
        response: Response, lat: str | None = None, long: str | None = None, body: str | None = None
    ) -> ServicesAnswer:
        response.headers["Cache-Control"] = "no-store"
        now = datetime.now(UTC)
        place = None if body else read_coordinate(lat, long)
        async with engine.connect() as connection:
            try:
                if place is None:
                    slugs = await list_services_of(connection, body or "", now, rulebooks)
                    return ServicesAnswer(services=dict.fromkeys(slugs))
                found = await list_services_at(connection, place, now, rulebooks)
            except RegionMissing as error:
                raise no_region(error) from None
        return ServicesAnswer(
            services={
                slug: decision.responsible
                for slug, decision in found.items()
                if decision.status is not Status.OUTSIDE
            }
        )

    return router
