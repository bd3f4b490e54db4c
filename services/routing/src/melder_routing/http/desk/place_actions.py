"""Where a case belongs: move the pin, correct the category, take a neighbour's border case over."""

from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from melder_common.geo import Coordinate, CoordinateRefused, parse_degrees
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case_changes import CaseNotFound, ChangeRefused
from melder_routing.http.desk.actions import FieldRefused, perform
from melder_routing.http.desk.case_pages import no_such_case
from melder_routing.http.desk.desk import Desk, require_own_form
from melder_routing.http.desk.form_fields import DeskForm, read_form
from melder_routing.use_cases.decide_places import UnknownCategory
from melder_routing.use_cases.on_case import Act
from melder_routing.use_cases.recategorise_case import recategorise_case
from melder_routing.use_cases.relocate_case import relocate_case
from melder_routing.use_cases.take_over_case import TakeOver, take_over_case

BORDER_PAGE = "/desk/border"
AXES: tuple[Literal["lat", "long"], ...] = ("lat", "long")


def place_router(desk: Desk) -> APIRouter:
    """``POST /desk/cases/<number>/{place,category}`` and ``POST /desk/border/<id>/take-over``."""
    router = APIRouter(default_response_class=HTMLResponse)

    @router.post("/cases/{number}/place")
    async def send_place(request: Request, number: str) -> Response:
        async def do(unit: UnitOfWork, act: Act, form: DeskForm) -> None:
            await relocate_case(unit, act, _coordinate(form), desk.rulebooks)

        return await perform(desk, request, number, "place", do, leads_away=True)

    @router.post("/cases/{number}/category")
    async def send_category(request: Request, number: str) -> Response:
        async def do(unit: UnitOfWork, act: Act, form: DeskForm) -> None:
            try:
                await recategorise_case(unit, act, form.codes.get("category", ""), desk.rulebooks)
            except UnknownCategory:
                raise FieldRefused("category", "Bitte wählen Sie eine Kategorie.") from None

        return await perform(desk, request, number, "category", do, leads_away=True)

    @router.post("/border/{case_id}/take-over")
    async def send_take_over(request: Request, case_id: UUID) -> Response:
        signed = await desk.enter(request)
        sent = await request.form()
        require_own_form(signed, sent)
        act = TakeOver(signed.scope, case_id, read_form(sent).version)
        try:
            async with desk.units.begin(signed.scope) as unit:
                number = await take_over_case(unit, act, desk.rulebooks)
        except CaseNotFound:
            raise no_such_case() from None
        except ChangeRefused:
            return RedirectResponse(f"{BORDER_PAGE}?done=too-late", 303)
        return RedirectResponse(f"{BORDER_PAGE}?done=taken&number={number}", 303)

    return router


def _coordinate(form: DeskForm) -> Coordinate:
    degrees: dict[str, float] = {}
    for name in AXES:
        try:
            degrees[name] = parse_degrees(form.codes.get(name, "").replace(",", "."), name)
        except CoordinateRefused:
            raise FieldRefused(
                name, "Bitte geben Sie Grad als Dezimalzahl an, zum Beispiel 54,0887."
            ) from None
    coordinate = Coordinate(degrees["lat"], degrees["long"])
    if coordinate.looks_swapped:
        raise FieldRefused("lat", "Breite und Länge sind wohl vertauscht.")
    return coordinate
