"""Refuses writes that another site's page sent with our visitor's cookies.

Browsers say where a request comes from: ``Sec-Fetch-Site`` on trustworthy origins, ``Origin``
elsewhere. A request with neither is no browser's form (mail providers' one-click unsubscribe,
API clients) and carries no ambient cookies worth protecting.
"""

from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from melder_web.security import CAPABILITY_PATHS

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
EXEMPT_PATHS = ("/open311/", "/internal/")
"""Interfaces that know no cookies: keys and bearer tokens are sent on purpose."""


def is_cross_site(request: Request) -> bool:
    """Whether an unsafe request was started by a page that is not ours.

    ``Origin: null`` comes from pages sent with ``no-referrer``: ours are the capability pages,
    where whoever knows the address may act, so nothing is lost by accepting it there.
    """
    if request.method in SAFE_METHODS:
        return False
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("origin")
    if origin is None:
        return False
    if origin == "null":
        return not request.url.path.startswith(CAPABILITY_PATHS)
    return urlsplit(origin).netloc != request.headers.get("host")


class CrossSiteCheck:
    """ASGI middleware: answers cross-site writes with ``refuse(request)`` (status 403)."""

    def __init__(
        self, app: ASGIApp, *, refuse: Callable[[Request], Response], exempt: Iterable[str]
    ) -> None:
        self._app = app
        self._refuse = refuse
        self._exempt = tuple(exempt)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http" and not scope["path"].startswith(self._exempt):
            request = Request(scope)
            if is_cross_site(request):
                await self._refuse(request)(scope, receive, send)
                return
        await self._app(scope, receive, send)
