"""Pages of mails' links: GET only shows a button, because mail scanners follow links; POST acts.

The token is the capability: no cookie, no session, no other check. POST answers 200 itself, since
one-click unsubscribing (RFC 8058) follows no redirects; repeating it changes nothing.
"""

from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from melder_common.resilience import retry_once_on_disconnect
from melder_common.unit_of_work import UnitOfWork, UnitsOfWork
from melder_notify.domain.contacts import Contact, ContactState
from melder_notify.domain.links import Act, LinkExpired, LinkRefused
from melder_notify.store.contacts import find_contact
from melder_notify.store.reports import find_reports
from melder_notify.use_cases.answer_links import (
    ContactGone,
    confirm_contact,
    disown_contact,
    unsubscribe_contact,
)
from melder_notify.use_cases.office import Office
from melder_web import Pages


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page knows: the contact and the number of its report, nothing of the person."""

    contact: Contact
    number: str


def build_router(office: Office, units: UnitsOfWork, pages: Pages) -> APIRouter:
    """The routes below /me."""
    router = APIRouter(prefix="/me", include_in_schema=True, tags=["links of mails"])
    page = LinkPages(office, units, pages)
    for act in Act:
        _add_routes(router, page, act)
    return router


def _add_routes(router: APIRouter, page: "LinkPages", act: Act) -> None:
    async def ask(request: Request, token: str) -> Response:
        return await page.ask(request, act, token)

    async def do(request: Request, token: str) -> Response:
        return await page.do(request, act, token)

    path, name = f"/{act.value}/{{token}}", act.value.replace("-", "_")
    router.add_api_route(
        path, ask, methods=["GET"], name=f"ask_{name}", summary=f"Ask before: {act.value}"
    )
    router.add_api_route(path, do, methods=["POST"], name=f"do_{name}", summary=act.value)


class LinkPages:
    """Reads tokens, lets the use cases act, renders the outcome."""

    def __init__(self, office: Office, units: UnitsOfWork, pages: Pages) -> None:
        self._office = office
        self._units = units
        self._pages = pages

    async def ask(self, request: Request, act: Act, token: str) -> Response:
        """The page with the button, or what has been done already. Changes nothing."""
        try:
            contact_id = self._office.link_key.read(act, token, self._units.clock())
        except LinkRefused as refusal:
            return self._refuse(request, act, expired=isinstance(refusal, LinkExpired))
        shown = await self._find(contact_id)
        if shown is None:
            return self._refuse(request, act, expired=True)
        return self._show(request, act, shown, done=_is_done(act, shown.contact))

    async def do(self, request: Request, act: Act, token: str) -> Response:
        """Act, and say what is so now."""
        try:
            contact_id = self._office.link_key.read(act, token, self._units.clock())
        except LinkRefused as refusal:
            return self._refuse(request, act, expired=isinstance(refusal, LinkExpired))

        async def act_once() -> Contact:
            async with self._units.begin() as unit:
                return await self._carry_out(unit, act, contact_id)

        try:
            contact = await retry_once_on_disconnect(act_once)
        except ContactGone:
            return self._refuse(request, act, expired=True)
        shown = await self._find(contact_id)
        return self._show(request, act, shown or Shown(contact, ""), done=True)

    async def _carry_out(self, unit: UnitOfWork, act: Act, contact_id: UUID) -> Contact:
        match act:
            case Act.CONFIRM:
                return await confirm_contact(unit, contact_id, self._office)
            case Act.UNSUBSCRIBE:
                return await unsubscribe_contact(unit, contact_id)
            case Act.NOT_ME:
                return await disown_contact(unit, contact_id, self._office)

    async def _find(self, contact_id: UUID) -> Shown | None:
        async with self._units.engine.connect() as connection:
            contact = await find_contact(connection, contact_id)
            if contact is None:
                return None
            reports = await find_reports(connection, [contact.report_id])
        report = reports.get(contact.report_id)
        return Shown(contact, report.number if report else "")

    def _show(self, request: Request, act: Act, shown: Shown, *, done: bool) -> Response:
        return self._pages.render(
            request,
            f"me/{act.value}.html",
            number=shown.number,
            done=done,
            gone=shown.contact.state in {ContactState.ERASED, ContactState.NOT_ME},
        )

    def _refuse(self, request: Request, act: Act, *, expired: bool) -> Response:
        return self._pages.render(
            request, "me/refused.html", status=410 if expired else 404, expired=expired, act=act
        )


def _is_done(act: Act, contact: Contact) -> bool:
    gone = contact.state in {ContactState.ERASED, ContactState.NOT_ME}
    match act:
        case Act.CONFIRM:
            return contact.state is ContactState.CONFIRMED
        case Act.UNSUBSCRIBE:
            return gone or contact.state is ContactState.UNSUBSCRIBED
        case Act.NOT_ME:
            return gone
