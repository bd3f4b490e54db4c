"""Tokens of ``batch`` services: the number is told when there is a case behind it.

A token is the report's id, encrypted: it needs no table, is the same for every try, is found again
after a restore, and tells nobody anything.
"""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from melder_common.plain_route import PlainRoute
from melder_common.sealed_ids import open_id, seal_id
from melder_intake.domain.catalogue import Category
from melder_intake.domain.submission import Accepted
from melder_intake.http.open311 import parameters
from melder_intake.http.open311.described import TOKENS, Form, described
from melder_intake.http.open311.documents import Document, write
from melder_intake.http.open311.errors import Open311Error
from melder_intake.http.open311.parameters import read_query
from melder_intake.http.open311.reading import reception_for
from melder_intake.parts import Parts
from melder_intake.store.public_reading import find_opened

PURPOSE = "open311-token"


def token_routes(parts: Parts) -> APIRouter:
    """The route of ``tokens``."""
    router = APIRouter(route_class=PlainRoute)

    @router.get(
        "/v2/tokens/{token}.{form}", **described("service_requests", TOKENS, parameters.DISCOVERY)
    )
    async def get_token(request: Request, token: str, form: Form) -> Response:
        """The number behind a token; without one until the case is opened."""
        await reception_for(parts, request, form)
        read_query(request.query_params, parameters.DISCOVERY)
        report_id = open_id(parts.acceptance.tracking_key, PURPOSE, token)
        async with parts.units.engine.connect() as connection:
            found = await find_opened(connection, report_id) if report_id else None
        if found is None:
            raise Open311Error(404, "token: Diese Kennung gibt es nicht.")
        number = {"service_request_id": found.number} if found.opened else {}
        return write(Document("service_requests", [{**number, "token": token}]), form)

    return router


def told_id(parts: Parts, category: Category, done: Accepted) -> dict[str, str]:
    """How the client can ask for what it sent: by number, by token, or not at all."""
    if category.type == "blackbox":
        return {}
    if category.type == "batch":
        return {"token": token_of(parts, done.report_id)}
    return {"service_request_id": done.number}


def token_of(parts: Parts, report_id: UUID) -> str:
    """The token that stands for a report."""
    return seal_id(parts.acceptance.tracking_key, PURPOSE, report_id)
