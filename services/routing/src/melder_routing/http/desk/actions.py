"""What clerks do on a case page: one route per action, all with the same manners.

Each form carries the session's token, the version its page showed and a form token. A stale
version answers 409 with what changed and the texts that were typed; a second click on the same
form answers like the first.
"""

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from melder_common.event_values import CaseState
from melder_common.idempotency import remember
from melder_common.ids import new_id
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case_changes import CaseNotFound, ChangeRefused, StaleWrite
from melder_routing.domain.closing_reasons import WrongReason
from melder_routing.domain.states import StepRefused
from melder_routing.http.desk.case_pages import no_such_case, require_number, show_file
from melder_routing.http.desk.case_view import Attempt
from melder_routing.http.desk.desk import Desk, SignedIn, require_own_form
from melder_routing.http.desk.form_fields import TEXTS, DeskForm, read_form
from melder_routing.http.desk.words import REFUSALS
from melder_routing.store.desk_page import read_place
from melder_routing.use_cases.accept_case import accept_case
from melder_routing.use_cases.ask_reporter import ask_reporter
from melder_routing.use_cases.change_status import change_status
from melder_routing.use_cases.claim_case import claim_case
from melder_routing.use_cases.close_case import close_case
from melder_routing.use_cases.give_back_case import give_back_case
from melder_routing.use_cases.hide_photo import hide_photo
from melder_routing.use_cases.hide_text import hide_text
from melder_routing.use_cases.on_case import Act
from melder_routing.use_cases.release_photo import release_photo
from melder_routing.use_cases.release_text import release_text
from melder_routing.use_cases.send_outside import send_outside
from melder_routing.use_cases.write_to_reporter import write_to_reporter
from melder_web.kept_forms import keep_form

Do = Callable[[UnitOfWork, Act, DeskForm], Awaitable[None]]


class FieldRefused(ValueError):
    """A field of the form says nothing usable; the message is German, for the clerk."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


async def _accept(unit: UnitOfWork, act: Act, _form: DeskForm) -> None:
    await accept_case(unit, act)


async def _claim(unit: UnitOfWork, act: Act, _form: DeskForm) -> None:
    await claim_case(unit, act)


async def _give_back(unit: UnitOfWork, act: Act, _form: DeskForm) -> None:
    await give_back_case(unit, act)


async def _change(unit: UnitOfWork, act: Act, form: DeskForm) -> None:
    target = _state(form.codes.get("target", ""), "target", "Bitte wählen Sie einen Zustand.")
    await change_status(unit, act, target, message=form.text("message") or None)


async def _ask(unit: UnitOfWork, act: Act, form: DeskForm) -> None:
    await ask_reporter(unit, act, _needed(form, "question", "Bitte schreiben Sie Ihre Frage."))


async def _write(unit: UnitOfWork, act: Act, form: DeskForm) -> None:
    text = _needed(form, "message", "Bitte schreiben Sie einen Text.")
    await write_to_reporter(unit, act, text, public="public" in form.flags)


async def _close(unit: UnitOfWork, act: Act, form: DeskForm) -> None:
    outcome, _, reason = form.codes.get("ending", "").partition(":")
    target = _state(outcome, "ending", "Bitte wählen Sie ein Ergebnis.")
    message = form.text("message") or None
    await close_case(unit, act, target, message=message, reason=reason or None)


async def _release_text(unit: UnitOfWork, act: Act, form: DeskForm) -> None:
    await release_text(unit, act, _needed(form, "text", "Es ist kein Text mehr übrig."))


async def _hide_text(unit: UnitOfWork, act: Act, _form: DeskForm) -> None:
    await hide_text(unit, act)


async def _send_outside(unit: UnitOfWork, act: Act, _form: DeskForm) -> None:
    await send_outside(unit, act)


ACTIONS: Mapping[str, Do] = {
    "accept": _accept,
    "claim": _claim,
    "release-claim": _give_back,
    "status": _change,
    "question": _ask,
    "message": _write,
    "close": _close,
    "text": _release_text,
    "hide-text": _hide_text,
    "send-outside": _send_outside,
}
"""Address below the case → what it does."""


def action_router(desk: Desk) -> APIRouter:
    """``POST /desk/cases/<number>/<action>`` for every action, and those on photos."""
    router = APIRouter(default_response_class=HTMLResponse)
    for name, do in ACTIONS.items():
        router.add_api_route(
            f"/cases/{{number}}/{name}", _action(desk, name, do), methods=["POST"], name=name
        )

    @router.post("/cases/{number}/photos/{photo_id}/release")
    async def send_photo_release(request: Request, number: str, photo_id: UUID) -> Response:
        async def do(unit: UnitOfWork, act: Act, _form: DeskForm) -> None:
            await release_photo(unit, act, photo_id)

        return await perform(desk, request, number, "release-photo", do)

    @router.post("/cases/{number}/photos/{photo_id}/hide")
    async def send_photo_hide(request: Request, number: str, photo_id: UUID) -> Response:
        async def do(unit: UnitOfWork, act: Act, _form: DeskForm) -> None:
            await hide_photo(unit, act, photo_id)

        return await perform(desk, request, number, "hide-photo", do)

    return router


def _action(desk: Desk, name: str, do: Do) -> Callable[[Request, str], Awaitable[Response]]:
    async def send(request: Request, number: str) -> Response:
        return await perform(desk, request, number, name, do)

    return send


async def perform(
    desk: Desk, request: Request, number: str, name: str, do: Do, *, leads_away: bool = False
) -> Response:
    """Carry one action out and go back to the case, or show the case with what stood against it.

    ``leads_away``: the case may lie with somebody else afterwards; then the list says so.
    """
    sent = await request.form()
    keep_form(request, sent, texts=TEXTS)
    signed = await desk.enter(request)
    plain = require_number(number)
    require_own_form(signed, sent)
    form = read_form(sent)
    if form.errors:
        return await show_file(desk, request, signed, plain, _again(form, name), status=422)
    if "preview" in form.flags:
        preview = Attempt(name, form.typed, form.codes, preview=form.text("question"))
        return await show_file(desk, request, signed, plain, preview)
    try:
        act = Act(signed.scope, plain, form.version)
        await _carry_out(desk, act, form, form.key(request.url.path), do)
    except CaseNotFound:
        raise no_such_case() from None
    except StaleWrite as stale:
        attempt = Attempt(name, form.typed, form.codes)
        return await show_file(
            desk, request, signed, plain, attempt, status=409, made_on=stale.made_on
        )
    except FieldRefused as refused:
        form.errors.add(refused.name, str(refused))
    except (StepRefused, ChangeRefused) as refused:
        form.errors.add(_field_of(refused), REFUSALS[refused.why])
    except WrongReason:
        form.errors.add("ending", "Dieser Grund passt nicht zum Ergebnis.")
    if form.errors:
        return await show_file(desk, request, signed, plain, _again(form, name), status=422)
    if leads_away and not await _still_sees(desk, signed, plain):
        return RedirectResponse("/desk/?done=moved", 303)
    return RedirectResponse(f"/desk/cases/{plain}?done={name}", 303)


async def _still_sees(desk: Desk, signed: SignedIn, number: str) -> bool:
    async with desk.units.read(signed.scope) as connection:
        try:
            await read_place(connection, signed.scope, number)
        except CaseNotFound:
            return False
    return True


async def _carry_out(desk: Desk, act: Act, form: DeskForm, key: str, do: Do) -> None:
    """Once per rendering and content of a form: a twin finds its key and does nothing."""
    async with desk.units.begin(act.scope) as unit:
        mine = new_id()
        first = await remember(
            unit,
            scope=f"desk:{act.scope.clerk_id}",
            key=key,
            content_hash=b"",
            object_id=mine,
        )
        if first == mine:
            await do(unit, act, form)


def _again(form: DeskForm, action: str) -> Attempt:
    return Attempt(action, form.typed, form.codes, form.errors)


def _needed(form: DeskForm, name: str, message: str) -> str:
    text = form.text(name)
    if not text:
        raise FieldRefused(name, message)
    return text


def _state(code: str, name: str, message: str) -> CaseState:
    if code not in set(CaseState):
        raise FieldRefused(name, message)
    return CaseState(code)


def _field_of(refused: StepRefused | ChangeRefused) -> str:
    """Which field the refusal is about, so that the page can lead there."""
    if refused.why == "same_category":
        return "category"
    if refused.why in {"message_missing", "message_or_reason_missing"}:
        return "message"
    return "question" if refused.why == "nobody_to_ask" else ""
