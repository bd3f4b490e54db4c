"""The picture of the region, drawn here for forms without scripts."""

import hashlib

from fastapi import APIRouter, Request, Response

from melder_common.geo import Coordinate, CoordinateRefused
from melder_intake.http.acceptance import reception_of
from melder_intake.http.report_fields import MAP_SIZE
from melder_intake.parts import Parts
from melder_intake.store.reception_area import ReceptionArea
from melder_web.static_map import MapView, Shape, draw_map


def region_map_router(parts: Parts) -> APIRouter:
    """``/melden/karte.svg``."""
    router = APIRouter(tags=["Seiten"])

    @router.get("/melden/karte.svg")
    async def picture(request: Request) -> Response:
        reception = await reception_of(parts)
        query = dict(request.query_params)
        view = MapView.from_fields(query, *MAP_SIZE) or whole_region(reception.area)
        svg = draw_map(view, _shapes(reception.area), _pin(query))
        etag = f'"{hashlib.sha256(svg.encode()).hexdigest()[:20]}"'
        headers = {"ETag": etag, "Cache-Control": "public, max-age=3600"}
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return Response(svg, media_type="image/svg+xml", headers=headers)

    return router


def whole_region(area: ReceptionArea) -> MapView:
    """A view that shows all of the outline."""
    return MapView.fitting(_shapes(area), *MAP_SIZE)


def picture_address(view: MapView, lat: str, long: str) -> str:
    """The address of the picture of ``view``, with a pin when there is a place."""
    place = _pin({"lat": lat, "long": long})
    pin = f"&lat={place[0]}&long={place[1]}" if place else ""
    query = "&".join(f"{name}={value}" for name, value in view.fields.items())
    return f"/melden/karte.svg?{query}{pin}"


def _shapes(area: ReceptionArea) -> list[Shape]:
    return [Shape("", area.outline), Shape("", area.outline, is_region=True)]


def _pin(query: dict[str, str]) -> tuple[float, float] | None:
    try:
        place = Coordinate.parse(query.get("lat", ""), query.get("long", ""))
    except CoordinateRefused:
        return None
    return place.lat, place.long
