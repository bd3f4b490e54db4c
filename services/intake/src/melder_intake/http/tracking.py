"""``/m/<number>/<token>``: the reporter's own page. Whoever knows the link may act on it."""

from collections.abc import Callable
from uuid import UUID, uuid5

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from melder_common.event_values import CaseState
from melder_common.ids import new_id
from melder_common.numbers import normalise_number
from melder_common.rate_limit import client_network
from melder_common.text import TextRefused, clean_text
from melder_common.tokens import equal
from melder_intake.domain.submission import Fault
from melder_intake.http.form_bodies import read_form_body
from melder_intake.http.sentences import sentence
from melder_intake.http.tracking_page import Tracked, may_reopen, tracking_page
from melder_intake.parts import Parts
from melder_intake.store import participation, public_reading
from melder_intake.use_cases import take_part
from melder_web import FormErrors
from melder_web.forms import is_form_token
from melder_web.kept_forms import keep_form
from melder_web.page_problems import PageProblem

WORDS_PER_MINUTE = "20/minute"
WRITTEN = ("text", "feedback_text", "reason")

WRONG_LINK = "Dieser Link stimmt nicht."
NOT_RESOLVED = "Die Meldung ist noch nicht erledigt."
NOT_REOPENABLE = "Diese Meldung kann nicht mehr geöffnet werden. Bitte melden Sie neu."

_NOBODY = UUID(int=0)


def tracking_router(parts: Parts) -> APIRouter:
    """The page and what its forms do."""
    router = APIRouter(prefix="/m/{number}/{token}", tags=["Verfolgung"])

    @router.get("")
    async def show(request: Request, number: str, token: str) -> Response:
        tracked = await _find(parts, number, token)
        await _note_opening(parts, tracked.report.report_id)
        return await tracking_page(parts, request, tracked)

    @router.post("/antwort")
    async def answer(request: Request, number: str, token: str) -> Response:
        fields = await _fields(parts, request)
        tracked = await _find(parts, number, token)
        return await _answer(parts, request, tracked, fields)

    @router.post("/rueckmeldung")
    async def feedback(request: Request, number: str, token: str) -> Response:
        fields = await _fields(parts, request)
        tracked = await _find(parts, number, token)
        return await _feedback(parts, request, tracked, fields)

    @router.post("/wiederoeffnen")
    async def reopen(request: Request, number: str, token: str) -> Response:
        fields = await _fields(parts, request)
        tracked = await _find(parts, number, token)
        return await _reopen(parts, request, tracked, fields)

    return router


async def _find(parts: Parts, text: str, token: str) -> Tracked:
    """Unknown numbers and wrong tokens read the same and take the same time."""
    number = normalise_number(text)
    known = None
    if number:
        async with parts.units.engine.connect() as connection:
            known = await public_reading.find_known_report(connection, number)
    right = parts.acceptance.tracking_token(known.report_id if known else _NOBODY)
    if not equal(token, right) or known is None:
        raise PageProblem(404, "unknown-link", detail=WRONG_LINK)
    return Tracked(known, token)


async def _note_opening(parts: Parts, report_id: UUID) -> None:
    async with parts.units.engine.connect() as connection:
        done = await participation.get_participation(connection, report_id)
    if done.tracking_opened_at is None:
        async with parts.units.begin() as unit:
            await take_part.open_tracking(unit, report_id)


async def _answer(
    parts: Parts, request: Request, tracked: Tracked, fields: dict[str, str]
) -> Response:
    errors, say = FormErrors(), parts.pages.words_for(request)
    text = _text(fields.get("text", ""), "text", errors, say, required=True)
    if text is None:
        return await tracking_page(
            parts, request, tracked, errors=errors, typed={"text": fields.get("text", "")},
            status=422,
        )  # fmt: skip
    report_id = tracked.report.report_id
    token = fields.get("form_token", "")
    async with parts.units.begin() as unit:
        await take_part.comment_report(
            unit,
            report_id,
            comment_id=uuid5(report_id, token) if is_form_token(token) else new_id(),
            text=text,
            answers=await participation.find_open_question(unit.connection, report_id),
        )
    return _back(tracked)


async def _feedback(
    parts: Parts, request: Request, tracked: Tracked, fields: dict[str, str]
) -> Response:
    errors, say = FormErrors(), parts.pages.words_for(request)
    text = _text(fields.get("feedback_text", ""), "feedback_text", errors, say)
    fixed = {"ja": True, "nein": False}.get(fields.get("fixed", ""))
    if fixed is None:
        errors.add("fixed", sentence(Fault("fixed", "fixed_missing"), say))
    if errors or fixed is None:
        return await tracking_page(parts, request, tracked, errors=errors, typed=fields, status=422)
    if tracked.report.state is not CaseState.RESOLVED:
        raise PageProblem(409, "not-resolved", detail=NOT_RESOLVED)
    async with parts.units.begin() as unit:
        await take_part.give_feedback(unit, tracked.report.report_id, fixed=fixed, text=text)
    return _back(tracked)


async def _reopen(
    parts: Parts, request: Request, tracked: Tracked, fields: dict[str, str]
) -> Response:
    errors, say = FormErrors(), parts.pages.words_for(request)
    reason = _text(fields.get("reason", ""), "reason", errors, say, required=True)
    if reason is None:
        return await tracking_page(parts, request, tracked, errors=errors, typed=fields, status=422)
    async with parts.units.begin() as unit:
        done = await participation.get_participation(unit.connection, tracked.report.report_id)
        if not may_reopen(tracked.report, done, unit.now):
            raise PageProblem(409, "not-reopenable", detail=NOT_REOPENABLE)
        await take_part.request_reopening(unit, tracked.report.report_id, reason=reason)
    return _back(tracked)


async def _fields(parts: Parts, request: Request) -> dict[str, str]:
    """What was sent; should the answer be a problem, its page brings the words back."""
    fields = dict((await read_form_body(request)).fields)
    keep_form(request, fields, texts=WRITTEN)
    parts.limiter.check("tracking-words", WORDS_PER_MINUTE, client_network(request))
    return fields


def _text(
    value: str, field: str, errors: FormErrors, say: Callable[[str], str], *, required: bool = False
) -> str | None:
    try:
        text = clean_text(value, max_length=4000, multiline=True) or None
    except TextRefused as refused:
        errors.add(field, sentence(Fault(field, refused.code, {"max": "4000"}), say))
        return None
    if required and text is None:
        errors.add(field, sentence(Fault(field, "text_missing"), say))
    return text


def _back(tracked: Tracked) -> Response:
    return RedirectResponse(f"{tracked.address}?dank=1", status_code=303)
