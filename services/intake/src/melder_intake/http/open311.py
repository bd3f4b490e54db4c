"""Open311 GeoReport v2: discovery, services, definitions, posting and reading requests.

Every address exists as ``.xml`` and ``.json``; every error comes in the client's format.
"""

from dataclasses import replace

from fastapi import APIRouter, Request, Response

from melder_common.idempotency import KeyRefused, KeyReused
from melder_common.numbers import normalise_number
from melder_intake.domain.checking import check_report
from melder_intake.domain.submission import SubmissionRefused
from melder_intake.http import open311_answers as answers
from melder_intake.http.acceptance import mint_identity, photo_limits, reception_of, send_report
from melder_intake.http.open311_clients import require_client, require_service
from melder_intake.http.open311_documents import write
from melder_intake.http.open311_errors import Open311Error, error_of_faults
from melder_intake.http.open311_requests import read_post, read_report, read_wanted
from melder_intake.http.outside import who_serves
from melder_intake.parts import Parts
from melder_intake.store import public_reading
from melder_intake.store.catalogue import Reception


def open311_router(parts: Parts) -> APIRouter:
    """The routes below ``/open311``."""
    router = APIRouter(prefix="/open311", tags=["Open311"])

    @router.get("/discovery.{form}")
    @router.get("/v2/discovery.{form}", include_in_schema=False)
    async def discovery(request: Request, form: str) -> Response:
        reception = await _reception(parts, request, form)
        document = answers.discovery(
            reception.catalogue, parts.settings.origin, parts.settings.open311_test_url
        )
        return write(document, form)

    @router.get("/v2/services.{form}")
    async def services(request: Request, form: str) -> Response:
        reception = await _reception(parts, request, form)
        return write(answers.services(reception.catalogue.ordered), form)

    @router.get("/v2/services/{code}.{form}")
    async def service_definition(request: Request, code: str, form: str) -> Response:
        reception = await _reception(parts, request, form)
        category = reception.catalogue.categories.get(code)
        if category is None:
            raise Open311Error(404, "service_code: Diese Kategorie gibt es nicht.")
        return write(answers.service_definition(category), form)

    @router.post("/v2/requests.{form}")
    async def post_request(request: Request, form: str) -> Response:
        return await _accept(parts, request, form)

    @router.get("/v2/requests.{form}")
    async def get_requests(request: Request, form: str) -> Response:
        reception = await _reception(parts, request, form)
        return await _list(parts, request, reception, form)

    @router.get("/v2/requests/{number}.{form}")
    async def get_request(request: Request, number: str, form: str) -> Response:
        reception = await _reception(parts, request, form)
        return await _show(parts, reception, number, form)

    return router


async def _reception(parts: Parts, request: Request, form: str) -> Reception:
    _check_form(form)
    reception = await reception_of(parts)
    _check_jurisdiction(reception, request.query_params.get("jurisdiction_id", ""))
    return reception


def _check_form(form: str) -> None:
    if form not in {"xml", "json"}:
        raise Open311Error(404, "Es gibt diese Adresse nur mit der Endung .xml oder .json.")


def _check_jurisdiction(reception: Reception, jurisdiction: str) -> None:
    wanted = jurisdiction.strip()
    if wanted and not reception.catalogue.knows_jurisdiction(wanted):
        raise Open311Error(404, "jurisdiction_id: Dieses Gebiet gibt es hier nicht.")


async def _accept(parts: Parts, request: Request, form: str) -> Response:
    _check_form(form)
    reception = await reception_of(parts)
    posted = await read_post(request)
    _check_jurisdiction(reception, posted.one("jurisdiction_id"))
    client = await require_client(parts, request, posted)
    require_service(client, posted.one("service_code").strip())
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
        done.number,
        blackbox=category.type == "blackbox",
        photos_lost=done.photos_lost,
        account=submission.contact.account,
    )
    return write(document, form)


async def _list(parts: Parts, request: Request, reception: Reception, form: str) -> Response:
    query = dict(request.query_params)
    wanted, most = read_wanted(query, parts.units.clock())
    body = reception.catalogue.body_of_jurisdiction(query.get("jurisdiction_id", "").strip())
    async with parts.units.engine.connect() as connection:
        reports = await public_reading.list_public_reports(
            connection, replace(wanted, body=body), limit=most
        )
        words = await public_reading.latest_words(connection, [one.number for one in reports])
    origin = parts.settings.origin
    return write(answers.requests(reports, reception.catalogue, words, origin), form)


async def _show(parts: Parts, reception: Reception, text: str, form: str) -> Response:
    number = normalise_number(text)
    async with parts.units.engine.connect() as connection:
        found = await public_reading.find_public_report(connection, number) if number else None
        if found is None:
            raise Open311Error(404, "service_request_id: Diese Meldung gibt es nicht.")
        words = await public_reading.latest_words(connection, [found.number])
    origin = parts.settings.origin
    return write(answers.requests([found], reception.catalogue, words, origin), form)
