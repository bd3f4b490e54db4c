"""Pages that only say something: privacy, accessibility, imprint."""

from fastapi import APIRouter, Request, Response

from melder_intake.domain.catalogue import in_language
from melder_intake.parts import Parts
from melder_web.pages import PUBLIC_MINUTE

PLAIN_PAGES = {
    "/datenschutz": "datenschutz.html",
    "/barrierefreiheit": "barrierefreiheit.html",
    "/impressum": "impressum.html",
}


def plain_pages_router(parts: Parts) -> APIRouter:
    """One route per page; they know the region's name and contact once there is a catalogue."""
    router = APIRouter(tags=["Seiten"])

    def add(path: str, template: str) -> None:
        @router.get(path, name=template)
        async def page(request: Request) -> Response:
            reception = await parts.reception.get()
            language = parts.pages.language_of(request)
            contact = in_language(reception.catalogue.contact, language) if reception else ""
            return parts.pages.render(request, template, cache=PUBLIC_MINUTE, contact=contact)

    for path, template in PLAIN_PAGES.items():
        add(path, template)
    return router
