"""One call that makes an application obey the rules of pages."""

from collections.abc import Iterable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from melder_web.cross_site import EXEMPT_PATHS, CrossSiteCheck
from melder_web.page_problems import PageProblem, render_page
from melder_web.pages import Pages
from melder_web.security import SecurityHeaders
from melder_web.static import mount_static


def install_pages(
    app: Starlette, pages: Pages, *, exempt_from_cross_site: Iterable[str] = EXEMPT_PATHS
) -> None:
    """Add security headers, the cross-site check with its page, and the files under ``/static``.

    Call it after everything else that adds middleware: what is added last answers first, and every
    answer shall carry the headers. Error pages come from
    ``install_edges(app, service, render_page=render_page(pages))``.
    """
    render = render_page(pages)

    def refuse(request: Request) -> Response:
        return render(
            request,
            PageProblem(403, "cross-site", detail="Diese Anfrage kam von einer fremden Seite."),
        )

    mount_static(app)
    app.add_middleware(CrossSiteCheck, refuse=refuse, exempt=tuple(exempt_from_cross_site))
    app.add_middleware(SecurityHeaders)
