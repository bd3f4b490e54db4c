"""What everybody sees: the start page, the list, a report. Nothing here that the policy hides."""

from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from melder_common.event_values import CLOSED_STATES, CaseState
from melder_common.numbers import normalise_number
from melder_common.text import TextRefused, clean_text
from melder_intake.domain.catalogue import in_language
from melder_intake.http.acceptance import reception_of
from melder_intake.http.presenting import present_history
from melder_intake.parts import Parts
from melder_intake.store import public_listing, public_reading
from melder_intake.store.public_listing import Wanted
from melder_web.page_problems import PageProblem
from melder_web.pages import PUBLIC_MINUTE

MISTYPED = "Diese Nummer stimmt nicht. Bitte prüfen Sie die Zeichen, zum Beispiel K7M4Q2X8."
NOT_FOUND = "Diese Meldung gibt es nicht."

ON_START = 6
PER_PAGE = 20

STATE_GROUPS: dict[str, tuple[str, tuple[CaseState, ...]]] = {
    "offen": ("Offen", tuple(state for state in CaseState if state not in CLOSED_STATES)),
    "erledigt": ("Erledigt", (CaseState.RESOLVED,)),
    "abgeschlossen": ("Abgeschlossen, auch ohne Behebung", tuple(CLOSED_STATES)),
}


class Filter(BaseModel):
    """The filter of the public list, by the names in the address."""

    zustand: str = ""
    kategorie: str = ""
    stelle: str = ""
    suche: str = ""
    nach: str = ""

    def wanted(self) -> Wanted:
        """What the list asks for; unknown values ask for nothing in particular."""
        _, states = STATE_GROUPS.get(self.zustand, ("", ()))
        return Wanted(
            states=states,
            categories=(_clean(self.kategorie),) if _clean(self.kategorie) else (),
            body=_clean(self.stelle) or None,
            words=_clean(self.suche) or None,
            after=normalise_number(self.nach),
        )

    def next_address(self, number: str) -> str:
        """The address of the next page."""
        fields = {name: value for name, value in self.model_dump().items() if value}
        return f"/meldungen?{urlencode({**fields, 'nach': number})}"


def public_pages_router(parts: Parts) -> APIRouter:
    """Start page, list, report page, search by number."""
    router = APIRouter(tags=["Seiten"])

    @router.get("/")
    async def start(request: Request) -> Response:
        reception = await reception_of(parts)
        async with parts.units.engine.connect() as connection:
            latest = await public_listing.list_public_reports(connection, Wanted(), limit=ON_START)
        return parts.pages.render(
            request,
            "start.html",
            cache=PUBLIC_MINUTE,
            reports=latest,
            catalogue=reception.catalogue,
            emergency=in_language(reception.catalogue.emergency, parts.pages.language_of(request)),
        )

    @router.get("/meldungen")
    async def reports(request: Request) -> Response:
        return await _list(parts, request)

    @router.get("/meldungen/suche")
    async def search(nummer: str = "") -> Response:
        number = normalise_number(nummer)
        if number is None:
            raise PageProblem(404, "unknown-number", detail=MISTYPED)
        return RedirectResponse(f"/meldungen/{number}", status_code=303)

    @router.get("/meldungen/{text}")
    async def report(request: Request, text: str) -> Response:
        return await _report(parts, request, text)

    return router


async def _list(parts: Parts, request: Request) -> Response:
    reception = await reception_of(parts)
    chosen = Filter.model_validate(dict(request.query_params))
    async with parts.units.engine.connect() as connection:
        found = await public_listing.list_public_reports(
            connection, chosen.wanted(), limit=PER_PAGE + 1
        )
    page, say = found[:PER_PAGE], parts.pages.words_for(request)
    return parts.pages.render(
        request,
        "meldungen.html",
        cache=PUBLIC_MINUTE,
        reports=page,
        chosen=chosen,
        groups=reception.catalogue.grouped(parts.pages.language_of(request)),
        state_groups=[(key, say(name)) for key, (name, _) in STATE_GROUPS.items()],
        catalogue=reception.catalogue,
        next=chosen.next_address(page[-1].number) if len(found) > PER_PAGE else "",
    )


async def _report(parts: Parts, request: Request, text: str) -> Response:
    number = normalise_number(text)
    if number is None:
        raise PageProblem(404, "unknown-number", detail=MISTYPED)
    if number != text:
        return RedirectResponse(f"/meldungen/{number}", status_code=308)
    reception = await reception_of(parts)
    async with parts.units.engine.connect() as connection:
        found = await public_reading.find_public_report(connection, number)
        if found is None:
            raise PageProblem(404, "unknown-number", detail=NOT_FOUND)
        history = await public_reading.list_timeline(connection, found)
    language = parts.pages.language_of(request)
    return parts.pages.render(
        request,
        "meldung.html",
        cache=PUBLIC_MINUTE,
        report=found,
        reason=in_language(found.reason, language),
        history=present_history(history, parts.pages.words_for(request)),
        catalogue=reception.catalogue,
        place=(found.place.lat, found.place.long) if found.place else None,
    )


def _clean(text: str) -> str:
    """Text from the address that can be asked for; what cannot asks for nothing."""
    try:
        return clean_text(text, max_length=200)
    except TextRefused:
        return ""
