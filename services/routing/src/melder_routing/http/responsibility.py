"""``/api/responsibility``: who is responsible for a place, and why. Information, no legal act."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncEngine

from melder_common.event_values import BodyRef, Translated
from melder_common.geo import Coordinate, CoordinateRefused, parse_degrees
from melder_common.problems import FieldError, Problem
from melder_routing.domain.decision import Decision
from melder_routing.domain.rulebook import Rulebook
from melder_routing.http.region_outline import region_outline_routes
from melder_routing.http.schemas import Responsibility
from melder_routing.store.rulebooks import RegionMissing, Rulebooks
from melder_routing.use_cases.decide_places import PlaceToDecide, decide_places

Guard = Callable[[Request], Awaitable[None]]

LARGEST_ACCURACY_M = 100_000.0


def responsibility_routes(
    engine: AsyncEngine,
    rulebooks: Rulebooks,
    *,
    require_internal: Guard,
    limit: Guard,
) -> APIRouter:
    """The public question, the same one for intake, and the region as maps draw it.

    ``engine`` needs to read the region only.
    """
    router = APIRouter(tags=["responsibility"])
    router.include_router(region_outline_routes(engine))

    async def answer(
        response: Response,
        *,
        lat: Annotated[str | None, Query(description="latitude, WGS 84, decimal degrees")] = None,
        long: Annotated[str | None, Query(description="longitude, WGS 84")] = None,
        service_code: Annotated[str | None, Query(description="slug of a category")] = None,
        language: Annotated[str, Query(description="de or en")] = "de",
        accuracy_m: Annotated[str | None, Query(description="radius in metres")] = None,
        asset_id: Annotated[
            str | None, Query(max_length=120, description="number on the asset, as on its QR code")
        ] = None,
    ) -> Responsibility:
        """Who is responsible for the place, and why."""
        place = PlaceToDecide(
            coordinate=read_coordinate(lat, long),
            category=service_code,
            at=datetime.now(UTC),
            accuracy_m=_accuracy(accuracy_m),
            asset_id=_asset(asset_id),
        )
        rules, decision = await _decide(engine, place, rulebooks)
        response.headers["Cache-Control"] = "no-store"
        return _answer(decision, rules, language)

    router.get("/api/responsibility", dependencies=[Depends(limit)])(answer)
    router.get(
        "/internal/responsibility",
        dependencies=[Depends(require_internal)],
        include_in_schema=False,
    )(answer)
    return router


async def _decide(
    engine: AsyncEngine, place: PlaceToDecide, rulebooks: Rulebooks
) -> tuple[Rulebook, Decision]:
    async with engine.connect() as connection:
        try:
            rules, (decision,) = await decide_places(connection, [place], rulebooks)
        except RegionMissing as error:
            raise no_region(error) from None
    category = rules.categories.get(place.category) if place.category else None
    if place.category and (category is None or category.removed):
        raise _refused(
            "service_code",
            "unknown_category",
            f"“{place.category[:60]}” is no category: see /open311/v2/services.json",
        )
    return rules, decision


def no_region(error: RegionMissing) -> Problem:
    """503: nobody has applied a region yet."""
    return Problem(503, "no-region", "No region yet", str(error), headers={"Retry-After": "10"})


def read_coordinate(lat: str | None, long: str | None) -> Coordinate:
    """The place asked about. Raises Problem 422 naming what is wrong with it."""
    errors: list[FieldError] = []
    degrees: dict[str, float] = {}
    for field, value in (("lat", lat), ("long", long)):
        if value is None or not value.strip():
            errors.append(_error(field, "missing", "is missing: send decimal degrees (WGS 84)"))
            continue
        try:
            degrees[field] = parse_degrees(value, "lat" if field == "lat" else "long")
        except CoordinateRefused as error:
            errors.append(_error(field, error.code, error.detail))
    if errors:
        names = " and ".join(error["field"] for error in errors)
        raise Problem(
            422, "invalid-coordinate", "Invalid place", f"Please correct {names}.", errors
        )
    coordinate = Coordinate(degrees["lat"], degrees["long"])
    if coordinate.looks_swapped:
        raise Problem(
            422,
            "swapped-coordinate",
            "Invalid place",
            f"lat={coordinate.lat:g}, long={coordinate.long:g} lies far outside Germany; "
            f"did you mean lat={coordinate.long:g}, long={coordinate.lat:g}?",
            [_error("lat", "coordinate_swapped", "and long seem to be swapped")],
        )
    return coordinate


def _accuracy(value: str | None) -> float | None:
    if value is None or not value.strip():
        return None
    try:
        metres = float(value)
    except ValueError:
        metres = float("nan")
    if not 0 <= metres <= LARGEST_ACCURACY_M:
        raise _refused("accuracy_m", "accuracy_refused", "must be metres, 0 or more")
    return metres


def _asset(value: str | None) -> str | None:
    """The number as registers have it; what no register can hold names nothing."""
    number = (value or "").strip()
    return number if number.isprintable() and number else None


def _refused(field: str, code: str, message: str) -> Problem:
    errors = [_error(field, code, message)]
    return Problem(422, "invalid-input", "Invalid input", f"{field}: {message}.", errors)


def _error(field: str, code: str, message: str) -> FieldError:
    return {"field": field, "code": code, "message": message}


def _answer(decision: Decision, rules: Rulebook, language: str) -> Responsibility:
    serving = decision.serving or (decision.working if decision.responsible is None else None)
    return Responsibility(
        status=decision.status.value,
        responsible=decision.responsible,
        working=decision.working,
        municipality=decision.municipality,
        border=decision.border,
        snapped=decision.snapped,
        distance_m=decision.border_distance_m,
        neighbour=decision.neighbour,
        candidates=decision.candidates,
        informed=decision.informed,
        rule=decision.rule.value,
        reason=_in(language, decision.reason),
        serving_body=_serving(decision.serving or decision.responsible or serving, rules, language),
        boundary_version=decision.boundary_version,
    )


def _serving(body: BodyRef | None, rules: Rulebook, language: str) -> dict[str, Any] | None:
    if body is None:
        return None
    contact = rules.bodies[body.slug].contact
    return {"slug": body.slug, "name": body.name, "contact": _in(language, contact) or None}


def _in(language: str, texts: Translated) -> str:
    primary = language.split("-", maxsplit=1)[0]
    return texts.get(language) or texts.get(primary) or texts.get("de", "")
