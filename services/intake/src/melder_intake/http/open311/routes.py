"""Open311 GeoReport v2: everything below ``/open311``, and posting requests.

Every address exists as ``.xml`` and ``.json``; every error comes in the client's format.
"""

from fastapi import APIRouter, Request, Response

from melder_common.idempotency import KeyRefused, KeyReused
from melder_common.plain_route import PlainRoute
from melder_intake.domain.checking import check_report
from melder_intake.domain.submission import SubmissionRefused
from melder_intake.http.acceptance import mint_identity, photo_limits, reception_of, send_report
from melder_intake.http.open311 import answers
from melder_intake.http.open311.clients import require_client, require_service
from melder_intake.http.open311.described import ACCEPTEDS, Form, described
from melder_intake.http.open311.documents import write
from melder_intake.http.open311.errors import Open311Error, error_of_faults
from melder_intake.http.open311.posted_fields import POSTED
from melder_intake.http.open311.posts import read_post, read_report
from melder_intake.http.open311.reading import check_form, check_jurisdiction, reading_routes
from melder_intake.http.open311.tokens import token_routes, told_id
from melder_intake.http.open311.updates import update_routes
from melder_intake.http.outside import who_serves
from melder_intake.parts import Parts


def open311_router(parts: Parts) -> APIRouter:
    """The routes below ``/open311``."""
    router = APIRouter(prefix="/open311", tags=["Open311"], route_class=PlainRoute)

    @router.post("/v2/requests.{form}", **described("service_requests", ACCEPTEDS, posts=POSTED))
    async def post_request(request: Request, form: Form) -> Response:
        """A new report; the answer has its final number (batch services: a token)."""
        return await _accept(parts, request, form)

    # after the route that is asked most: each included router is searched twice
    for routes in (reading_routes, update_routes, token_routes):
        router.include_router(routes(parts))
    return router


async def _accept(parts: Parts, request: Request, form: str) -> Response:
    check_form(form)
    reception = await reception_of(parts)
    posted = await read_post(request)
    check_jurisdiction(reception, posted.one("jurisdiction_id"))
    client = await require_client(parts, request, posted)
    require_service(client, posted.one("service_code").strip(), reception.catalogue)
    raw = read_report(posted, client)
    try:
        submission, category = check_report(
            raw, reception.catalogue, reception.area.covers, photo_limits(parts)
        )
    except SubmissionRefused as refused:
        more = await who_serves(parts, refused.faults)
        raise error_of_faults(refused.faults, more=more) from None
    key = request.headers.get("idempotency-key", "").strip() or None
    identity = mint_identity(f"open311:{client.client_id}", key)
    try:
        done = await send_report(parts, submission, category, identity)
    except KeyReused:
        raise Open311Error(
            400, "Idempotency-Key: wurde schon für eine andere Meldung benutzt."
        ) from None
    except KeyRefused:
        raise Open311Error(400, "Idempotency-Key: 1 bis 200 sichtbare ASCII-Zeichen.") from None
    document = answers.accepted(
        told_id(parts, category, done),
        photos_lost=done.photos_lost,
        account=submission.contact.account,
    )
    return write(document, form)
