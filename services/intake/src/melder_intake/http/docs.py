"""``/docs``: where the descriptions of all interfaces are."""

from fastapi import APIRouter, Request, Response

from melder_intake.parts import Parts
from melder_web.pages import PUBLIC_MINUTE

INTERFACES = (
    ("intake", "Meldungen annehmen und zeigen, Open311"),
    ("routing", "Zuständigkeit und Arbeitsplatz"),
    ("media", "Fotos"),
    ("notify", "Benachrichtigungen"),
)


def docs_router(parts: Parts) -> APIRouter:
    """The index page; the documents themselves come from each service by the gateway."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    @router.get("/docs/", include_in_schema=False)
    async def index(request: Request) -> Response:
        return parts.pages.render(request, "docs.html", cache=PUBLIC_MINUTE, interfaces=INTERFACES)

    return router
