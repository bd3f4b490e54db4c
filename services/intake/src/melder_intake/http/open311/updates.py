"""Service request updates, exactly as FixMyStreet speaks them: read by time, sent by clients."""

from fastapi import APIRouter, Request, Response

from melder_common.ids import new_id
from melder_common.numbers import normalise_number
from melder_common.plain_route import PlainRoute
from melder_common.problems import unavailable
from melder_common.resilience import retry_once_on_disconnect
from melder_intake.domain.client_update import (
    ClientUpdate,
    ReportGone,
    ServiceNotAllowed,
    SpoolFull,
    UpdateIds,
    UpdateReused,
)
from melder_intake.http.acceptance import photo_limits, reception_of
from melder_intake.http.open311 import described as shapes
from melder_intake.http.open311.clients import require_client
from melder_intake.http.open311.described import Form, described
from melder_intake.http.open311.documents import Document, write, write_rows
from melder_intake.http.open311.errors import Open311Error
from melder_intake.http.open311.parameters import read_query
from melder_intake.http.open311.posted_fields import POSTED_UPDATE
from melder_intake.http.open311.posts import read_post
from melder_intake.http.open311.reading import check_form, check_jurisdiction, reception_for
from melder_intake.http.open311.update_answers import update_rows
from melder_intake.http.open311.update_posts import read_update
from melder_intake.http.open311.update_window import MOST_UPDATES, UPDATES, read_window
from melder_intake.parts import Parts
from melder_intake.store.public_updates import list_updates
from melder_intake.use_cases.take_update import take_update

ROOT = "service_request_updates"
UNKNOWN = "service_request_id: Diese Meldung gibt es nicht."


def update_routes(parts: Parts) -> APIRouter:
    """The routes of ``servicerequestupdates``."""
    router = APIRouter(route_class=PlainRoute)

    @router.get("/v2/servicerequestupdates.{form}", **described(ROOT, shapes.UPDATES, UPDATES))
    async def get_updates(request: Request, form: Form) -> Response:
        """What changed publicly, the oldest first: states, bodies, messages, photos."""
        return await _list(parts, request, form)

    @router.post(
        "/v2/servicerequestupdates.{form}",
        **described(ROOT, shapes.UPDATES_TAKEN, posts=POSTED_UPDATE),
    )
    async def post_update(request: Request, form: Form) -> Response:
        """Words and photos for a report, read by clerks; once for each update_id of a client."""
        return await _take(parts, request, form)

    return router


async def _list(parts: Parts, request: Request, form: str) -> Response:
    reception = await reception_for(parts, request, form)
    given = read_query(request.query_params, UPDATES)
    window, size = read_window(given, reception.catalogue, parts.units.clock())
    async with parts.units.engine.connect() as connection:
        updates = await list_updates(connection, window, limit=size or MOST_UPDATES + 1)
    if size is None and len(updates) > MOST_UPDATES:
        raise Open311Error(
            400,
            f"page: Das sind mehr als {MOST_UPDATES} Änderungen. Bitte blättern Sie mit page und "
            "page_size, oder nennen Sie einen kürzeren Zeitraum.",
        )
    return write_rows(ROOT, update_rows(updates, parts.settings.origin), form)


async def _take(parts: Parts, request: Request, form: str) -> Response:
    check_form(form)
    reception = await reception_of(parts)
    posted = await read_post(request)
    check_jurisdiction(reception, posted.one("jurisdiction_id"))
    client = await require_client(parts, request, posted)
    number, update = read_update(posted, photo_limits(parts))
    our_id = await _keep(parts, number, update, UpdateIds(new_id(), client))
    return write(Document(ROOT, [{"update_id": our_id}]), form)


async def _keep(parts: Parts, number: str, update: ClientUpdate, ids: UpdateIds) -> str:
    known = normalise_number(number)

    async def keep() -> str | None:
        async with parts.units.begin() as unit:
            kept = await take_update(
                unit, known or "", update, ids, spool_bytes=parts.settings.spool_bytes
            )
            return str(kept) if kept else None

    try:
        kept = await retry_once_on_disconnect(keep)
    except UpdateReused:
        raise Open311Error(
            400, "update_id: wurde schon für eine andere Nachricht benutzt."
        ) from None
    except ServiceNotAllowed:
        raise Open311Error(
            403, "service_request_id: Dieser Schlüssel gilt nicht für diese Kategorie."
        ) from None
    except ReportGone:
        raise Open311Error(404, UNKNOWN) from None
    except SpoolFull:
        raise unavailable(retry_after_s=300) from None
    if kept is None:
        raise Open311Error(404, UNKNOWN)
    return kept
