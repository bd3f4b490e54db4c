"""The GETs of GeoReport v2: discovery, services, definitions, requests."""

from fastapi import APIRouter, Request, Response

from melder_common.numbers import normalise_number
from melder_common.plain_route import PlainRoute
from melder_intake.http.acceptance import reception_of
from melder_intake.http.open311 import answers, parameters
from melder_intake.http.open311 import described as shapes
from melder_intake.http.open311.described import Form, described
from melder_intake.http.open311.documents import write, write_rows
from melder_intake.http.open311.errors import Open311Error
from melder_intake.http.open311.filters import read_wanted
from melder_intake.http.open311.parameters import Values, read_query
from melder_intake.http.open311.reports import RequestWriter
from melder_intake.http.open311.services import list_services
from melder_intake.parts import Parts
from melder_intake.store import public_details
from melder_intake.store.catalogue import Reception
from melder_intake.store.public_details import Listed
from melder_intake.store.public_listing import Wanted

SENT_EXTENSIONS = frozenset({"citysdk", "attributes"})
"""Those that need what was sent beside the description."""


def reading_routes(parts: Parts) -> APIRouter:
    """Everything that needs no key."""
    router = APIRouter(route_class=PlainRoute)

    @router.get(
        "/discovery.{form}",
        **described("discovery", shapes.DISCOVERY, parameters.DISCOVERY),
    )
    @router.get("/v2/discovery.{form}", include_in_schema=False)
    async def discovery(request: Request, form: Form) -> Response:
        """Where this interface is, and in which formats."""
        reception = await reception_for(parts, request, form)
        read_query(request.query_params, parameters.DISCOVERY)
        document = answers.discovery(
            reception.catalogue, parts.settings.origin, parts.settings.open311_test_url
        )
        return write(document, form)

    @router.get(
        "/v2/services.{form}", **described("services", shapes.SERVICES, parameters.SERVICES)
    )
    async def services(request: Request, form: Form) -> Response:
        """What can be reported."""
        reception = await reception_for(parts, request, form)
        values = read_query(request.query_params, parameters.SERVICES)
        return write(await list_services(parts, reception, values), form)

    @router.get(
        "/v2/services/{code}.{form}",
        **described("service_definition", shapes.DEFINITION, parameters.DEFINITION),
    )
    async def service_definition(request: Request, code: str, form: Form) -> Response:
        """What is asked about a service."""
        reception = await reception_for(parts, request, form)
        values = read_query(request.query_params, parameters.DEFINITION)
        category = reception.catalogue.categories.get(code)
        if category is None:
            raise Open311Error(404, "service_code: Diese Kategorie gibt es nicht.")
        return write(answers.service_definition(category, values["locale"]), form)

    @router.get(
        "/v2/requests.{form}",
        **described("service_requests", shapes.REQUESTS, parameters.REQUESTS),
    )
    async def get_requests(request: Request, form: Form) -> Response:
        """Reports, the newest first, 1,000 at most."""
        reception = await reception_for(parts, request, form)
        values = read_query(request.query_params, parameters.REQUESTS)
        wanted, most = read_wanted(values, reception.catalogue, parts.units.clock())
        listed = await _find(parts, reception, wanted, most, values)
        writer = _writer(parts, reception, values)
        return write_rows("service_requests", writer.rows(listed), form)

    @router.get(
        "/v2/requests/{number}.{form}",
        **described("service_requests", shapes.REQUESTS, parameters.ONE_REQUEST),
    )
    async def get_request(request: Request, number: str, form: Form) -> Response:
        """One report."""
        reception = await reception_for(parts, request, form)
        values = read_query(request.query_params, parameters.ONE_REQUEST)
        known = normalise_number(number)
        wanted = Wanted(numbers=(known,)) if known else None
        listed = await _find(parts, reception, wanted, 1, values) if wanted else []
        if not listed:
            raise Open311Error(404, "service_request_id: Diese Meldung gibt es nicht.")
        writer = _writer(parts, reception, values)
        return write_rows("service_requests", writer.rows(listed), form)

    return router


async def reception_for(parts: Parts, request: Request, form: str) -> Reception:
    """The catalogue in force. Raises 404 for another format or jurisdiction, 503 without one."""
    check_form(form)
    reception = await reception_of(parts)
    check_jurisdiction(reception, request.query_params.get("jurisdiction_id", ""))
    return reception


def check_form(form: str) -> None:
    """Raises Open311Error 404 for another extension than the two there are."""
    if form not in {"xml", "json"}:
        raise Open311Error(404, "Es gibt diese Adresse nur mit der Endung .xml oder .json.")


def check_jurisdiction(reception: Reception, jurisdiction: str) -> None:
    """Raises Open311Error 404 for a jurisdiction that is not served here; empty means absent."""
    wanted = jurisdiction.strip()
    if wanted and not reception.catalogue.knows_jurisdiction(wanted):
        raise Open311Error(404, "jurisdiction_id: Dieses Gebiet gibt es hier nicht.")


def _writer(parts: Parts, reception: Reception, values: Values) -> RequestWriter:
    return RequestWriter(
        reception.catalogue, parts.settings.origin, values["locale"], values["extensions"]
    )


async def _find(
    parts: Parts, reception: Reception, wanted: Wanted, most: int, values: Values
) -> list[Listed]:
    """A page; the connection is free again before the first byte leaves."""
    extensions: frozenset[str] = values["extensions"]
    needs_details = extensions & SENT_EXTENSIONS
    async with parts.units.engine.connect() as connection:
        return await public_details.list_with_details(
            connection,
            wanted,
            limit=most,
            is_free=reception.catalogue.is_free_text if needs_details else None,
            notes="notes" in extensions,
        )
