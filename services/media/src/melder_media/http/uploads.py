"""Uploads by people: ``POST /photos/`` with and without JavaScript, ``DELETE /photos/{id}``."""

from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.datastructures import FormData, UploadFile

from melder_common.ids import new_id
from melder_common.problems import prefers_html
from melder_common.rate_limit import RateLimiter, client_network
from melder_common.unit_of_work import UnitsOfWork
from melder_media.domain.claims import is_uploader, upload_token
from melder_media.domain.pictures import Inspection, PictureRefused, Refusal
from melder_media.http.refusals import not_now, refusal_problem, unknown_photo
from melder_media.parts import Parts
from melder_media.sanitiser.client import SanitiserBusy
from melder_media.use_cases.delete_photo import AlreadyClaimed, withdraw_upload
from melder_media.use_cases.take_upload import SpoolFull, take_upload
from melder_web.page_problems import PageProblem

FORM_PATH = "/melden"
"""Where an upload without JavaScript leads back to."""
_LONGEST_RETURN = 4_000
_UPLOAD_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["photo"],
                    "properties": {
                        "photo": {"type": "string", "format": "binary"},
                        "return_to": {
                            "type": "string",
                            "description": "without JavaScript: the form's path, e.g. /melden",
                        },
                    },
                }
            }
        },
    }
}


def upload_router(parts: Parts, units: UnitsOfWork, limiter: RateLimiter) -> APIRouter:
    """The routes for people who send photos."""
    router = APIRouter(tags=["uploads"])

    @router.post("/photos/", status_code=201, openapi_extra=_UPLOAD_FORM)
    async def send_photo(request: Request) -> Response:
        """Take a photo; JSON for programs, a way back to the form (303) for browsers."""
        limiter.check("upload", parts.settings.upload_rate, client_network(request))
        async with request.form(max_files=1, max_fields=8) as form:
            return_to = _return_path(form.get("return_to"))
            photo_id = new_id()
            inspection = await _take(_file(form, parts), photo_id, parts, units)
        token = upload_token(parts.upload_key, photo_id)
        if prefers_html(request):
            return RedirectResponse(
                _with_photo(return_to, photo_id, token),
                303,
                headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
            )
        return JSONResponse(
            _receipt(photo_id, token, inspection), 201, headers={"Cache-Control": "no-store"}
        )

    @router.delete("/photos/{photo_id}", status_code=204)
    async def withdraw_photo(request: Request, photo_id: str, token: str = "") -> Response:
        """Take an upload back before it belongs to a report (header X-Upload-Token, or token)."""
        wanted = parse_photo_id(photo_id)
        given = request.headers.get("x-upload-token", token)
        if wanted is None or not is_uploader(parts.upload_key, wanted, given):
            raise unknown_photo()
        try:
            async with units.begin() as unit:
                await withdraw_upload(unit, wanted)
        except AlreadyClaimed as error:
            raise PageProblem(
                409,
                "photo-belongs-to-report",
                "Photo belongs to a report",
                "Das Foto gehört schon zu einer Meldung.",
            ) from error
        return Response(status_code=204)

    return router


def parse_photo_id(text: str) -> UUID | None:
    """The id in its one canonical spelling, or None."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text else None


def _file(form: FormData, parts: Parts) -> UploadFile:
    photo = form.get("photo")
    if not isinstance(photo, UploadFile) or not photo.size:
        raise refusal_problem(Refusal.EMPTY, parts.settings)
    if photo.size > parts.settings.max_upload_bytes:
        raise refusal_problem(Refusal.TOO_LARGE, parts.settings)
    return photo


async def _take(photo: UploadFile, photo_id: UUID, parts: Parts, units: UnitsOfWork) -> Inspection:
    try:
        return await take_upload(photo.file.fileno(), photo_id=photo_id, parts=parts, units=units)
    except PictureRefused as error:
        raise refusal_problem(error.refusal, parts.settings) from error
    except (SanitiserBusy, SpoolFull) as error:
        raise not_now() from error


def _return_path(given: Any) -> str:
    """A path of our own form, with its query; everything else leads to the empty form."""
    if not isinstance(given, str) or len(given) > _LONGEST_RETURN or not given.isprintable():
        return FORM_PATH
    try:
        parsed = urlsplit(given)
        query = urlencode(parse_qsl(parsed.query, keep_blank_values=True, max_num_fields=100))
    except ValueError:
        return FORM_PATH
    if parsed.scheme or parsed.netloc or parsed.path != FORM_PATH or "\\" in given:
        return FORM_PATH
    return f"{FORM_PATH}?{query}" if query else FORM_PATH


def _with_photo(path: str, photo_id: UUID, token: str) -> str:
    separator = "&" if "?" in path else "?"
    return f"{path}{separator}{urlencode({'photo': f'{photo_id}.{token}'})}"


def _receipt(photo_id: UUID, token: str, inspection: Inspection) -> dict[str, Any]:
    return {
        "photo_id": str(photo_id),
        "upload_token": token,
        "suggestion": asdict(inspection.suggestion) if inspection.suggestion else None,
        "preview_url": f"/photos/{photo_id}/thumbnail.webp?token={token}",
        "width": inspection.width,
        "height": inspection.height,
    }
