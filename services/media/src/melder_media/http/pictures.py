"""Pictures: ``GET /photos/{id}/{size}.{encoding}``, public once released, else by right only."""

from dataclasses import replace
from uuid import UUID

import structlog
from fastapi import APIRouter, Request, Response

from melder_common.grants import Grant, GrantRefused, verify_grant
from melder_common.unit_of_work import UnitsOfWork
from melder_media.domain.claims import is_uploader
from melder_media.domain.pictures import MEDIA_TYPES, Encoding, Size
from melder_media.http.refusals import RETRY_SECONDS, unknown_photo
from melder_media.http.uploads import parse_photo_id
from melder_media.parts import Parts
from melder_media.store.object_store import ObjectMissing, StoreUnavailable
from melder_media.store.sealing import CannotOpen
from melder_media.use_cases.show_photo import Found, Wanted, find_picture, open_picture
from melder_web.page_problems import PageProblem

AUDIENCE = "media"
VIEW = "photo.view"

_log = structlog.get_logger("melder.media")


def picture_router(parts: Parts, units: UnitsOfWork) -> APIRouter:
    """The routes for people who look at photos."""
    router = APIRouter(tags=["photos"])

    @router.get("/photos/{photo_id}/{name}", response_class=Response)
    async def show_photo(
        request: Request, photo_id: str, name: str, grant: str = "", token: str = ""
    ) -> Response:
        """Show a released picture to everybody.

        Another one needs a clerk's grant or, as thumbnail, its upload token; everything else is
        unknown here.
        """
        wanted = _wanted(photo_id, name)
        if wanted is None:
            raise unknown_photo()
        wanted = replace(
            wanted,
            grant=_grant(grant, wanted.photo_id, parts, units) if grant else None,
            is_uploader=bool(token) and is_uploader(parts.upload_key, wanted.photo_id, token),
        )
        async with units.begin() as unit:
            found = await find_picture(unit, wanted)
        if found is None:
            raise unknown_photo()
        headers = _headers(found, wanted, parts)
        if found.public and headers["ETag"] in _known_tags(request):
            return Response(status_code=304, headers=headers)
        content = await _open(found, wanted.photo_id, parts)
        return Response(content, media_type=MEDIA_TYPES[wanted.encoding], headers=headers)

    return router


def _wanted(photo_id: str, name: str) -> Wanted | None:
    wanted_id = parse_photo_id(photo_id)
    size, _, encoding = name.partition(".")
    if wanted_id is None or size not in set(Size) or encoding not in set(Encoding):
        return None
    return Wanted(photo_id=wanted_id, size=Size(size), encoding=Encoding(encoding))


def _grant(given: str, photo_id: UUID, parts: Parts, units: UnitsOfWork) -> Grant | None:
    try:
        return verify_grant(
            parts.grant_key,
            given,
            audience=AUDIENCE,
            action=VIEW,
            object_id=photo_id,
            now=units.clock(),
        )
    except GrantRefused as refused:
        _log.info("grant_refused", photo_id=photo_id, reason=refused.code)
        return None


def _headers(found: Found, wanted: Wanted, parts: Parts) -> dict[str, str]:
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": f'inline; filename="foto.{wanted.encoding.value}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    if not found.public:
        return {**headers, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return {
        **headers,
        "ETag": f'"{found.version}-{wanted.size.value}-{wanted.encoding.value}"',
        "Cache-Control": f"public, max-age={parts.settings.public_max_age}",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }


def _known_tags(request: Request) -> set[str]:
    given = request.headers.get("if-none-match", "")
    return {tag.strip().removeprefix("W/") for tag in given.split(",")}


async def _open(found: Found, photo_id: UUID, parts: Parts) -> bytes:
    try:
        return await open_picture(found, photo_id, parts)
    except (StoreUnavailable, ObjectMissing, CannotOpen) as error:
        _log.warning("picture_unavailable", photo_id=photo_id, error=error)
        raise PageProblem(
            503,
            "photo-not-available-now",
            "Photo not available now",
            "Das Foto ist im Augenblick nicht erreichbar.",
            headers={"Retry-After": str(RETRY_SECONDS)},
        ) from error
