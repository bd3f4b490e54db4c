"""What intake passes on: files that came with a report (Open311, forms without a first upload)."""

import tempfile
from typing import IO, Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request

from melder_common.internal_auth import require_internal
from melder_common.problems import Problem
from melder_common.unit_of_work import UnitsOfWork
from melder_media.domain.claims import upload_token
from melder_media.domain.pictures import PictureRefused
from melder_media.http.refusals import not_now, refusal_problem
from melder_media.parts import Parts
from melder_media.sanitiser.client import SanitiserBusy
from melder_media.use_cases.take_upload import PhotoGone, SpoolFull, take_spooled_file


def internal_router(parts: Parts, units: UnitsOfWork) -> APIRouter:
    """The routes for other services."""
    guard = Depends(require_internal(parts.settings.internal_token()))
    router = APIRouter(prefix="/internal", dependencies=[guard], include_in_schema=False)

    @router.put("/photos/{photo_id}")
    async def pass_photo_on(
        request: Request, photo_id: UUID, x_report_id: Annotated[UUID, Header()]
    ) -> dict[str, str]:
        """Keep a file under the id that intake minted; repeating it changes nothing.

        410: the report was erased meanwhile. Other 4xx: the file is unusable, and the report is
        told by PhotoRejected; it is of no use to send it again.
        """
        with tempfile.TemporaryFile() as file:
            await _receive(request, file)
            try:
                await take_spooled_file(
                    file.fileno(),
                    photo_id=photo_id,
                    report_id=x_report_id,
                    parts=parts,
                    units=units,
                )
            except PictureRefused as error:
                raise refusal_problem(error.refusal, parts.settings) from error
            except PhotoGone as error:
                raise Problem(410, "photo-gone", "Photo gone", "It was erased.") from error
            except (SanitiserBusy, SpoolFull) as error:
                raise not_now() from error
        return {"upload_token": upload_token(parts.upload_key, photo_id)}

    return router


async def _receive(request: Request, file: IO[bytes]) -> None:
    async for chunk in request.stream():
        file.write(chunk)
    file.flush()
