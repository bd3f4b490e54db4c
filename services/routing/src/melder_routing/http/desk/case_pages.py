"""The page of one case, and the small map on it."""

from dataclasses import replace
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from melder_common.numbers import normalise_number
from melder_routing.domain.case_changes import CaseNotFound
from melder_routing.http.case_map import draw_case_map
from melder_routing.http.desk.case_view import Attempt, view_case
from melder_routing.http.desk.desk import Desk, SignedIn
from melder_routing.http.desk.list_pages import read_menu
from melder_routing.http.desk.words import DONE
from melder_routing.store.desk_page import (
    find_photo_report,
    read_case,
    read_changes_since,
    read_place,
)
from melder_web.page_problems import PageProblem


def case_router(desk: Desk) -> APIRouter:
    """``/desk/cases/<number>`` and its map."""
    router = APIRouter(default_response_class=HTMLResponse)

    @router.get("/cases/{number}")
    async def show_case(request: Request, number: str) -> Response:
        signed = await desk.enter(request)
        plain = require_number(number)
        if plain != number:
            return RedirectResponse(f"/desk/cases/{plain}", 303)
        done = DONE.get(request.query_params.get("done", ""), "")
        return await show_file(desk, request, signed, plain, Attempt(sent=done))

    @router.get("/cases/{number}/photos/{photo_id}")
    async def show_photo(request: Request, number: str, photo_id: UUID) -> Response:
        """Grants last a minute: who opens a photo later gets a fresh one here."""
        signed = await desk.enter(request)
        try:
            async with desk.units.read(signed.scope) as connection:
                report_id = await find_photo_report(
                    connection, signed.scope, require_number(number), photo_id
                )
        except CaseNotFound:
            raise no_such_case() from None
        address = desk.photo_url(signed, photo_id, report_id, "full")
        return RedirectResponse(address, 303, headers={"Cache-Control": "no-store"})

    @router.get("/cases/{number}/map.svg", response_class=Response)
    async def show_map(request: Request, number: str) -> Response:
        signed = await desk.enter(request)
        try:
            async with desk.units.read(signed.scope) as connection:
                lat, long, border_m = await read_place(
                    connection, signed.scope, require_number(number)
                )
                on = desk.clock().date()
                picture = await draw_case_map(connection, (lat, long), border_m, on)
        except CaseNotFound:
            raise no_such_case() from None
        return Response(
            picture, media_type="image/svg+xml", headers={"Cache-Control": "private, max-age=600"}
        )

    return router


async def show_file(
    desk: Desk,
    request: Request,
    signed: SignedIn,
    number: str,
    attempt: Attempt,
    *,
    status: int = 200,
    made_on: int | None = None,
) -> Response:
    """The case page; ``made_on`` is the version an outdated form was made from."""
    now = desk.clock()
    try:
        async with desk.units.read(signed.scope) as connection:
            file = await read_case(connection, signed.scope, number)
            menu = await read_menu(connection, signed.scope, now)
            if made_on is not None:
                changes = await read_changes_since(connection, signed.scope, number, made_on)
                attempt = replace(attempt, changes=changes)
    except CaseNotFound:
        raise no_such_case() from None
    context = view_case(desk, signed, file, attempt, now)
    return desk.render(
        request,
        "case.html",
        signed,
        status=status,
        queues=menu,
        stale=made_on is not None,
        **context,
    )


def require_number(text: str) -> str:
    """The number as it is stored. Raises 404 for what can be none."""
    number = normalise_number(text)
    if number is None:
        raise no_such_case()
    return number


def no_such_case() -> PageProblem:
    """The same answer for a case that does not exist and for one of somebody else."""
    return PageProblem(
        404, "no-such-case", detail="Diesen Fall gibt es nicht, oder er liegt nicht bei Ihnen."
    )
