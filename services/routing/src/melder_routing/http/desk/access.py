"""Signing in and out."""

from urllib.parse import quote, urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from melder_common.rate_limit import client_network
from melder_common.text import TextRefused, clean_text
from melder_routing.domain.sign_in import LONGEST, SignInRefused, SignInThrottled
from melder_routing.http.desk.desk import SESSION_COOKIE, Desk, SignInNeeded, require_own_form
from melder_routing.store.passwords import LONGEST_PASSWORD
from melder_routing.use_cases.sign_in import sign_in, sign_out
from melder_web import FormErrors

HOME = "/desk/"


def sign_in_router(desk: Desk) -> APIRouter:
    """``/desk/login`` and ``/desk/logout``."""
    router = APIRouter(default_response_class=HTMLResponse)

    @router.get("/login")
    async def show_sign_in(request: Request) -> Response:
        return _page(desk, request, back=safe_back(request.query_params.get("next", "")))

    @router.post("/login")
    async def send_sign_in(request: Request) -> Response:
        form = await request.form()
        login, back = str(form.get("login", "")), safe_back(str(form.get("next", "")))
        try:
            token = await sign_in(
                desk.units,
                login=clean_text(login, max_length=200),
                password=str(form.get("password", ""))[: LONGEST_PASSWORD + 1],
                address=client_network(request),
                key=desk.session_key,
                former_token=desk.session_token(request),
            )
        except (SignInRefused, TextRefused):
            return _refused(desk, request, login, back)
        except SignInThrottled as throttled:
            return _throttled(desk, request, throttled, login, back)
        answer = RedirectResponse(back, 303)
        answer.set_cookie(
            desk.cookies.name(SESSION_COOKIE),
            token,
            max_age=int(LONGEST.total_seconds()),
            **desk.cookies.attributes,
        )
        return answer

    @router.post("/logout")
    async def send_sign_out(request: Request) -> Response:
        signed = await desk.enter(request)
        require_own_form(signed, await request.form())
        async with desk.units.begin_unscoped() as unit:
            await sign_out(unit, signed.token)
        answer = RedirectResponse("/desk/login", 303)
        answer.delete_cookie(desk.cookies.name(SESSION_COOKIE), **desk.cookies.attributes)
        answer.headers["Clear-Site-Data"] = '"cache"'
        return answer

    return router


def safe_back(wanted: str) -> str:
    """A page of the desk to go back to; everything else becomes the desk's first page."""
    parts = urlsplit(wanted)
    ours = wanted.startswith(HOME) and not (parts.scheme or parts.netloc)
    plain = wanted.isascii() and wanted.isprintable() and "\\" not in wanted and "//" not in wanted
    return wanted if ours and plain else HOME


async def answer_sign_in_needed(_request: Request, needed: Exception) -> Response:
    """Send people who are not signed in to the form, and back afterwards."""
    back = needed.back if isinstance(needed, SignInNeeded) else HOME
    where = "" if back == HOME else f"?next={quote(safe_back(back))}"
    return RedirectResponse(f"/desk/login{where}", 303)


def _page(
    desk: Desk,
    request: Request,
    *,
    back: str,
    login: str = "",
    errors: FormErrors | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    return desk.pages.render(
        request,
        "desk/login.html",
        status=status,
        headers=headers,
        back=back,
        login=login[:200],
        errors=errors or FormErrors(),
    )


def _refused(desk: Desk, request: Request, login: str, back: str) -> Response:
    errors = FormErrors({"login": "Name und Passwort passen nicht zusammen."})
    return _page(desk, request, back=back, login=_printable(login), errors=errors, status=422)


def _throttled(
    desk: Desk, request: Request, throttled: SignInThrottled, login: str, back: str
) -> Response:
    minutes = int(throttled.wait.total_seconds() // 60)
    told = f"Zu viele Fehlversuche. Bitte warten Sie {minutes} Minuten und versuchen Sie es neu."
    return _page(
        desk,
        request,
        back=back,
        login=_printable(login),
        errors=FormErrors({"login": told}),
        status=429,
        headers={"Retry-After": str(int(throttled.wait.total_seconds()))},
    )


def _printable(login: str) -> str:
    """What was typed, if it can be shown again at all."""
    return login if login.isprintable() else ""
