"""Pages on which a demo's mails are read. The look is melder_web's where its styles are built."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import Route

from melder_local.mail_box import MailBox
from melder_web import AssetsMissing, Pages, Site
from melder_web.static import mount_static

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
"""A mail's own HTML: no scripts, no forms, no requests; links open outside the frame."""

LISTED = 500


class Render(Protocol):
    """Renders one of the two templates."""

    def __call__(self, request: Request, name: str, **context: Any) -> Response:
        """The page as a response."""


def build_app(box: MailBox) -> Starlette:
    """The application below ``/mail``."""
    app = Starlette()
    desk = ReadingDesk(box, _renderer(app))
    reads: list[tuple[str, Callable[[Request], Awaitable[Response]]]] = [
        ("/mail", desk.move_in),
        ("/mail/", desk.show_list),
        ("/mail/messages.json", desk.export),
        ("/mail/style.css", desk.style),
        ("/mail/messages/{number:int}", desk.show_mail),
        ("/mail/messages/{number:int}/html", desk.show_html),
        ("/mail/messages/{number:int}/raw", desk.show_raw),
    ]
    app.routes.extend(Route(path, endpoint, methods=["GET"]) for path, endpoint in reads)
    app.routes.append(Route("/mail/clear", desk.clear, methods=["POST"]))
    return app


class ReadingDesk:
    """What the pages show and do."""

    def __init__(self, box: MailBox, render: Render) -> None:
        self._box = box
        self._render = render

    async def move_in(self, _request: Request) -> Response:
        """The list has a slash at its end."""
        return RedirectResponse("/mail/", status_code=308)

    async def show_list(self, request: Request) -> Response:
        """All mails, the newest first."""
        to = request.query_params.get("to", "").strip()[:200]
        mails = self._box.list_mails(to=to, limit=LISTED)
        return self._render(request, "list.html", mails=mails, to=to, total=self._box.count())

    async def show_mail(self, request: Request) -> Response:
        """One mail: HTML in its frame, text, headers."""
        mail = self._box.find_mail(request.path_params["number"])
        if mail is None:
            return PlainTextResponse("Diese Mail gibt es nicht (mehr).", 404)
        return self._render(request, "mail.html", mail=mail)

    async def show_html(self, request: Request) -> Response:
        """A mail's HTML alone, locked in."""
        mail = self._box.find_mail(request.path_params["number"])
        if mail is None or not mail.html:
            return PlainTextResponse("Diese Mail hat kein HTML.", 404)
        headers = {
            "Content-Security-Policy": MAIL_POLICY,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }
        return HTMLResponse(
            mail.html.replace("<head>", '<head><base target="_blank">', 1), 200, headers
        )

    async def show_raw(self, request: Request) -> Response:
        """A mail as it came over the wire."""
        raw = self._box.find_raw(request.path_params["number"])
        if raw is None:
            return PlainTextResponse("Diese Mail gibt es nicht (mehr).", 404)
        return Response(raw, media_type="text/plain; charset=utf-8", headers=_PRIVATE)

    async def export(self, request: Request) -> Response:
        """Every mail for programs, the newest first; ``?to=`` and ``?limit=`` narrow it."""
        limit = request.query_params.get("limit", "")
        mails = self._box.list_mails(
            to=request.query_params.get("to", "")[:200],
            limit=int(limit) if limit.isdecimal() and len(limit) < 10 else -1,
        )
        return JSONResponse([mail.document() for mail in mails], headers=_PRIVATE)

    async def clear(self, request: Request) -> Response:
        """Throw all mails away, when asked by a page of ours."""
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
            return PlainTextResponse("Diese Anfrage kam von einer fremden Seite.", 403)
        self._box.clear()
        return RedirectResponse("/mail/", status_code=303)

    async def style(self, _request: Request) -> Response:
        """What these pages need beside the shared styles."""
        return Response(
            _environment().get_template("mail/style.css").render(), media_type="text/css"
        )


_PRIVATE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def _environment() -> Environment:
    environment = Environment(loader=PackageLoader("melder_local"), autoescape=True)
    environment.filters["when"] = _when
    return environment


def _renderer(app: Starlette) -> Render:
    """With melder_web's shell when its styles are built, else with a plain one of our own."""
    headers = {"Content-Security-Policy": PAGE_POLICY, **_PRIVATE, "Referrer-Policy": "same-origin"}
    try:
        pages = Pages("melder_local", site=Site().in_first_language(), templates="templates")
    except AssetsMissing:
        environment = _environment()

        def render_plainly(request: Request, name: str, **context: Any) -> Response:
            del request  # the plain page needs nothing of it
            template = environment.get_template(f"mail/{name}")
            return HTMLResponse(
                template.render(base_page="mail/plain.html", **context), 200, headers
            )

        return render_plainly
    mount_static(app)
    pages.environment.filters["when"] = _when

    def render(request: Request, name: str, **context: Any) -> Response:
        context["base_page"] = "melder/base.html"
        return pages.render(request, f"mail/{name}", headers=headers, **context)

    return render


def _when(at: str) -> str:
    return f"{datetime.fromisoformat(at).astimezone():%d.%m.%Y, %H:%M:%S}"
