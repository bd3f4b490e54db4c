"""``/fall/<link>``: the page of one case for the one body that works on it.

The address is the capability: no session, no cookie. Mail scanners follow links, so GET changes
nothing. Unknown links and wrong ones read the same; one that was right says friendly why it ended.
"""

from dataclasses import dataclass, field
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from melder_common.clock import Clock, utc_now
from melder_common.idempotency import remember
from melder_common.ids import new_id
from melder_common.rate_limit import RateLimiter, client_network
from melder_routing.domain.case_changes import CaseNotFound, ChangeRefused, StaleWrite
from melder_routing.domain.link_answers import ANSWERS, NOT_OURS, Answer, LinkEnded, require_open
from melder_routing.domain.link_tokens import LinkKey, read_link
from melder_routing.http.case_map import draw_case_map
from melder_routing.http.desk.form_fields import TEXTS, DeskForm, read_form
from melder_routing.http.link.link_view import LinkAttempt, view_link
from melder_routing.http.link.link_words import (
    CHOICE_MISSING,
    ENDED,
    NOT_OFFERED,
    TEXT_MISSING,
    THANKS,
)
from melder_routing.store.desk_units import DeskUnits
from melder_routing.store.link_office import PATH
from melder_routing.store.link_page import (
    LinkedCase,
    LinkFound,
    find_link,
    read_linked_case,
)
from melder_routing.use_cases.answer_link import LinkAct, answer_link
from melder_web import Pages
from melder_web.kept_forms import keep_form
from melder_web.page_problems import PageProblem

LOOKS_PER_MINUTE, ANSWERS_PER_MINUTE = "120/minute", "20/minute"
OLDEST_KNOWN = 20
"""So many generations back a link is told from a wrong one."""

_NOBODYS = LinkFound(UUID(int=0), "", "", 1)


@dataclass(frozen=True)
class LinkPages:
    """The parts of these pages. ``units`` use the desk's role, told the one body of the link."""

    units: DeskUnits
    pages: Pages
    key: LinkKey
    limiter: RateLimiter = field(default_factory=RateLimiter)
    clock: Clock = utc_now

    async def find(self, text: str) -> LinkFound:
        """The link. Raises 404 for an unknown or wrong one, and LinkEnded for an older one."""
        given = read_link(text)
        found = None
        if given is not None:
            async with self.units.begin_unscoped() as unit:
                found = await find_link(unit.connection, given.link_id)
        known = found or _NOBODYS
        fits = given is not None and self.key.fits(given, known.generation)
        if given is None or found is None:
            raise _unknown()
        if not fits:
            older = range(max(1, found.generation - OLDEST_KNOWN), found.generation)
            if any(self.key.fits(given, generation) for generation in older):
                raise LinkEnded("replaced")
            raise _unknown()
        return found

    async def read(self, found: LinkFound) -> LinkedCase:
        """The case behind the link. Raises LinkEnded."""
        try:
            async with self.units.read(found.scope) as connection:
                linked = await read_linked_case(connection, found.scope, found)
        except CaseNotFound:
            raise LinkEnded("elsewhere") from None
        require_open(linked.case, linked.link, self.clock())
        if linked.facts.erased_at is not None:
            raise LinkEnded("erased")
        if linked.their_texts is None:
            raise LinkEnded("elsewhere")
        return linked

    def ended(self, request: Request, ended: LinkEnded) -> Response:
        """The friendly end: nothing of the case, 410 but for the answer that has just ended it."""
        title, text = ENDED[ended.why]
        answered = ended.why == "declined" and request.query_params.get("danke") == NOT_OURS.code
        status = 200 if answered else 410
        return self.pages.render(request, "link/ended.html", status=status, title=title, text=text)

    async def show(
        self,
        request: Request,
        text: str,
        found: LinkFound,
        attempt: LinkAttempt,
        status: int = 200,
    ) -> Response:
        """The page as it is now, with what came back from a form."""
        linked = await self.read(found)
        address = f"{PATH}/{text}"
        context = view_link(linked, attempt, address=address, now=self.clock())
        return self.pages.render(request, "link/case.html", status=status, **context)


def _unknown() -> PageProblem:
    return PageProblem(404, "unknown-link", detail="Dieser Link stimmt nicht.")


def link_router(parts: LinkPages) -> APIRouter:
    """The page, its map, and what its form does."""
    router = APIRouter(prefix=PATH, default_response_class=HTMLResponse, tags=["link to a case"])

    @router.get("/{link}")
    async def show_linked_case(request: Request, link: str) -> Response:
        parts.limiter.check("case-link", LOOKS_PER_MINUTE, client_network(request))
        try:
            found = await parts.find(link)
            said = THANKS.get(request.query_params.get("danke", ""), "")
            return await parts.show(request, link, found, LinkAttempt(said=said))
        except LinkEnded as ended:
            return parts.ended(request, ended)

    @router.get("/{link}/karte.svg", response_class=Response)
    async def show_linked_map(request: Request, link: str) -> Response:
        parts.limiter.check("case-link", LOOKS_PER_MINUTE, client_network(request))
        try:
            found = await parts.find(link)
            linked = await parts.read(found)
        except LinkEnded:
            raise _unknown() from None
        place = (linked.facts.lat, linked.facts.long)
        async with parts.units.read(found.scope) as connection:
            picture = await draw_case_map(
                connection, place, linked.decision.border_distance_m, parts.clock().date()
            )
        return Response(picture, media_type="image/svg+xml", headers={"Cache-Control": "no-store"})

    @router.post("/{link}")
    async def answer_linked_case(request: Request, link: str) -> Response:
        keep_form(request, await request.form(), texts=TEXTS)
        parts.limiter.check("case-link-answer", ANSWERS_PER_MINUTE, client_network(request))
        try:
            found = await parts.find(link)
            return await _answer(parts, request, link, found)
        except LinkEnded as ended:
            return parts.ended(request, ended)

    return router


async def _answer(parts: LinkPages, request: Request, text: str, found: LinkFound) -> Response:
    await parts.read(found)
    form = read_form(await request.form())
    code = form.codes.get("answer", "")
    answer = _checked(form, code)
    if answer is not None and not form.errors:
        try:
            await _carry_out(parts, found, form, answer)
        except StaleWrite:
            attempt = LinkAttempt(code, form.text("message"), form.errors, stale=True)
            return await parts.show(request, text, found, attempt, 409)
        except ChangeRefused:
            form.errors.add("answer", NOT_OFFERED)
        except CaseNotFound:
            raise LinkEnded("elsewhere") from None
    if form.errors:
        attempt = LinkAttempt(code, form.text("message"), form.errors)
        return await parts.show(request, text, found, attempt, 422)
    return RedirectResponse(
        f"{PATH}/{text}?danke={code}", 303, headers={"Cache-Control": "no-store"}
    )


def _checked(form: DeskForm, code: str) -> Answer | None:
    answer = ANSWERS.get(code)
    if answer is None:
        form.errors.add("answer", CHOICE_MISSING)
    elif answer.needs_text and not form.text("message") and "message" not in form.errors:
        form.errors.add("message", TEXT_MISSING)
    return answer


async def _carry_out(parts: LinkPages, found: LinkFound, form: DeskForm, answer: Answer) -> None:
    """Once per rendering and content of the form: a twin finds its key and does nothing."""
    act = LinkAct(found.scope, found, form.version)
    async with parts.units.begin(found.scope) as unit:
        mine = new_id()
        first = await remember(
            unit,
            scope=f"link:{found.link_id}",
            key=form.key(PATH),
            content_hash=b"",
            object_id=mine,
        )
        if first == mine:
            await answer_link(unit, act, answer, form.text("message") or None)
