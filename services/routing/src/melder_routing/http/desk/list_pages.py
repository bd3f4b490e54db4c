"""Lists of the desk: queues, what is mine, to review or late, and the neighbours' border cases."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from melder_common.numbers import normalise_number
from melder_routing.domain.clerk import Scope
from melder_routing.domain.rerouting import TAKE_OVER_TERM, may_take_over
from melder_routing.domain.states import STATES, open_states
from melder_routing.domain.working_days import HolidayRules, working_days_between
from melder_routing.http.desk.desk import Desk, SignedIn
from melder_routing.http.desk.words import DONE, REFUSALS
from melder_routing.store.clerks import list_colleagues
from melder_routing.store.desk_list import (
    MOST,
    PAGE,
    Position,
    Wanted,
    count_open,
    list_bodies,
    list_border_cases,
    list_cases,
    list_categories,
    list_queue_names,
    taker_of,
)
from melder_routing.store.holidays import find_holidays

VIEWS = {
    "all": "Alle offenen Fälle",
    "mine": "Meine Fälle",
    "review": "Zu prüfen",
    "late": "Überfällig",
}
"""The views beside the queues, in the order of the menu."""


def list_router(desk: Desk) -> APIRouter:
    """``/desk/`` with its filters, and ``/desk/border``."""
    router = APIRouter(default_response_class=HTMLResponse)

    @router.get("/")
    async def show_cases(request: Request) -> Response:
        signed = await desk.enter(request)
        if number := normalise_number(request.query_params.get("number", "")):
            return RedirectResponse(f"/desk/cases/{number}", 303)
        wanted = read_wanted(request.query_params)
        return await _show_list(desk, request, signed, wanted)

    @router.get("/border")
    async def show_border_cases(request: Request) -> Response:
        signed = await desk.enter(request)
        now = desk.clock()
        async with desk.units.read(signed.scope) as connection:
            menu = await read_menu(connection, signed.scope, now, current="/desk/border")
            rows = await list_border_cases(connection, signed.scope)
            holidays = await find_holidays(connection)
        cases = [_border_row(row, signed.scope, now, holidays) for row in rows]
        done = request.query_params.get("done", "")
        return desk.render(
            request,
            "border.html",
            signed,
            queues=menu,
            cases=cases,
            taken=normalise_number(request.query_params.get("number", "")) if done else None,
            too_late=REFUSALS["too_late"] if done == "too-late" else "",
        )

    return router


async def _show_list(desk: Desk, request: Request, signed: SignedIn, wanted: Wanted) -> Response:
    now, whole = desk.clock(), Wanted(view=wanted.view, queue=wanted.queue)
    async with desk.units.read(signed.scope) as connection:
        rows = await list_cases(connection, signed.scope, wanted, now)
        names = await list_colleagues(connection, signed.scope)
        menu = await read_menu(connection, signed.scope, now, current=_address(whole))
        queues = await list_queue_names(connection, signed.scope)
        categories = await list_categories(connection)
        bodies = await list_bodies(connection, signed.scope)
        holidays = await find_holidays(connection)
    shown = rows[:PAGE]
    return desk.render(
        request,
        "queue.html",
        signed,
        sent=DONE.get(request.query_params.get("done", ""), ""),
        title=dict(queues).get(wanted.queue) or VIEWS[wanted.view],
        queues=menu,
        cases=[_row(row, signed.scope, names, now, holidays) for row in shown],
        wanted=wanted,
        narrowed=replace(wanted, after=None) != whole,
        mistyped="number" in request.query_params and request.query_params["number"].strip() != "",
        states=_state_options(),
        categories=categories,
        bodies=bodies if len(bodies) > 1 else [],
        start=_address(wanted) if wanted.after else "",
        next=_address(wanted, after=_position(shown[-1], wanted)) if len(rows) > PAGE else "",
    )


def read_wanted(asked: Mapping[str, str]) -> Wanted:
    """The filters of an address; what makes no sense is left out."""
    view = asked.get("view", "all")
    return Wanted(
        view=view if view in VIEWS else "all",
        queue=_slug(asked.get("queue", "")),
        state=_slug(asked.get("state", "")),
        category=_slug(asked.get("category", "")),
        body=_slug(asked.get("body", "")),
        border=asked.get("border") == "1",
        after=read_position(asked.get("after", "")),
    )


def read_position(text: str) -> Position | None:
    """A page's beginning as ``_position`` wrote it; none when somebody invented it."""
    try:
        hazard, at, case_id = text.split("~")
        moment = datetime.fromisoformat(at)
        return Position(hazard == "1", moment, UUID(case_id)) if moment.tzinfo else None
    except ValueError:
        return None


def _position(row: Row[Any], wanted: Wanted) -> str:
    at = row.closed_at if wanted.closed else row.due_at
    return f"{int(row.hazard)}~{at.isoformat()}~{row.id}"


def _slug(text: str) -> str:
    plain = text.replace("-", "").replace("_", "")
    return text if len(text) <= 80 and plain.isascii() and plain.isalnum() else ""


def _address(wanted: Wanted, after: str = "") -> str:
    asked = {
        "view": wanted.view if wanted.view != "all" else "",
        "queue": wanted.queue,
        "state": wanted.state,
        "category": wanted.category,
        "body": wanted.body,
        "border": "1" if wanted.border else "",
        "after": after,
    }
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"/desk/?{query}" if query else "/desk/"


async def read_menu(
    connection: Any, scope: Scope, now: datetime, current: str = ""
) -> list[dict[str, object]]:
    """The menu beside every page: views, queues, border cases, with numbers of open cases."""
    queues = await list_queue_names(connection, scope)
    wanted = [Wanted(view=view) for view in VIEWS] + [Wanted(queue=slug) for slug, _ in queues]
    counts = await count_open(connection, scope, wanted, now)
    names = [*VIEWS.values(), *(name for _, name in queues)]
    entries: list[dict[str, object]] = [
        {"name": name, "href": _address(one), "count": count_text(count)}
        for name, one, count in zip(names, wanted, counts, strict=True)
    ]
    entries.append({"name": "Grenzfälle nebenan", "href": "/desk/border", "count": None})
    return [{**entry, "current": entry["href"] == current} for entry in entries]


def count_text(count: int) -> str:
    """The number as the menu shows it."""
    return str(count) if count < MOST else f"{MOST - 1}+"


def _state_options() -> Sequence[tuple[str, str]]:
    options = [(state.value, STATES[state].desk) for state in open_states()]
    return [*options, ("closed", "Abgeschlossen")]


def _row(
    row: Row[Any],
    scope: Scope,
    names: Mapping[UUID, str],
    now: datetime,
    holidays: HolidayRules,
) -> dict[str, object]:
    return {
        "number": row.number,
        "category": row.category_name.get("de", row.category),
        "text": row.text or "",
        "hazard": row.hazard,
        "border": row.border,
        "text_to_review": row.text_to_review,
        "photos_to_review": row.photos_to_review,
        "unread": row.unread,
        "supporters": row.supporters,
        "municipality": row.municipality,
        "address": row.address,
        "body": row.responsible_name or row.working_name,
        "unclear": row.responsible is None,
        "state": row.state,
        "submitted_at": row.submitted_at,
        "age": working_days_between(row.submitted_at, now, holidays),
        "due_at": row.due_at,
        "late": row.closed_at is None and row.due_at < now,
        "mine": row.assignee == scope.clerk_id,
        "assignee": names.get(row.assignee, "vergeben") if row.assignee else "",
        "closed_at": row.closed_at,
    }


def _border_row(
    row: Row[Any], scope: Scope, now: datetime, holidays: HolidayRules
) -> dict[str, object]:
    return {
        "id": row.id,
        "version": row.version,
        "until": row.routed_at + TAKE_OVER_TERM
        if may_take_over(row.routed_at, now) and taker_of(row.candidates, scope)
        else None,
        "category": row.category_name.get("de", row.category),
        "municipality": row.municipality,
        "place": (row.lat, row.long),
        "state": row.state,
        "hazard": row.hazard,
        "working": row.working_name,
        "age": working_days_between(row.submitted_at, now, holidays),
    }
