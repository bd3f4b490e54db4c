"""What every page of the desk needs: transactions, templates, cookies, keys, and who is asking."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from nacl.signing import SigningKey
from starlette.requests import Request
from starlette.responses import Response

from melder_common.clock import Clock, utc_now
from melder_common.cookies import CookiePolicy
from melder_common.grants import issue_grant
from melder_common.tokens import equal, hmac_token
from melder_routing.domain.clerk import Scope
from melder_routing.store.clerks import Clerk, get_clerk
from melder_routing.store.desk_units import DeskUnits
from melder_routing.store.rulebooks import Rulebooks
from melder_routing.store.sessions import find_session
from melder_web import Pages
from melder_web.page_problems import PageProblem

SESSION_COOKIE = "desk_session"
CSRF_FIELD = "csrf"


class SignInNeeded(Exception):
    """Nobody is signed in; ``back`` is where the person wanted to go."""

    def __init__(self, back: str) -> None:
        super().__init__(back)
        self.back = back


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is asking, by which session."""

    clerk: Clerk
    token: str
    csrf: str

    @property
    def scope(self) -> Scope:
        """What this clerk sees."""
        return self.clerk.scope


@dataclass(frozen=True)
class Desk:
    """The desk's parts, built once in ``main``.

    ``session_key`` signs no session: it only derives each session's token against forged forms
    and the hashes that count failures.
    """

    units: DeskUnits
    pages: Pages
    cookies: CookiePolicy
    session_key: bytes
    grant_key: SigningKey
    clock: Clock = utc_now
    rulebooks: Rulebooks = field(default_factory=Rulebooks)

    def session_token(self, request: Request) -> str | None:
        """What the session cookie holds."""
        return request.cookies.get(self.cookies.name(SESSION_COOKIE))

    async def enter(self, request: Request) -> SignedIn:
        """Who is asking. Raises SignInNeeded for pages and 401 for what was sent by a form."""
        token = self.session_token(request)
        clerk = await self._clerk(token) if token else None
        if token is None or clerk is None:
            if request.method == "POST":
                raise PageProblem(
                    401,
                    "session-ended",
                    detail="Melden Sie sich in einem neuen Fenster an. Öffnen Sie dort den Fall "
                    "noch einmal. Was Sie geschrieben haben, steht hier noch.",
                )
            raise SignInNeeded(request.url.path)
        return SignedIn(clerk, token, hmac_token(self.session_key, "desk-csrf", token))

    async def _clerk(self, token: str) -> Clerk | None:
        async with self.units.begin_unscoped() as unit:
            clerk_id = await find_session(unit.connection, token, unit.now)
            return await get_clerk(unit.connection, clerk_id) if clerk_id else None

    def photo_url(self, signed: SignedIn, photo_id: UUID, report_id: UUID, size: str) -> str:
        """Where this clerk, and nobody else, may load an unreleased photo for a minute."""
        grant = issue_grant(
            self.grant_key,
            audience="media",
            clerk_id=signed.clerk.clerk_id,
            action="photo.view",
            object_id=photo_id,
            report_id=report_id,
            now=self.clock(),
        )
        return f"/photos/{photo_id}/{size}.webp?grant={grant}"

    def render(
        self,
        request: Request,
        name: str,
        signed: SignedIn,
        *,
        status: int = 200,
        **context: Any,
    ) -> Response:
        """A page for a signed-in clerk."""
        return self.pages.render(
            request,
            f"desk/{name}",
            status=status,
            clerk=signed.clerk,
            csrf_field=CSRF_FIELD,
            csrf=signed.csrf,
            **context,
        )


def require_own_form(signed: SignedIn, fields: Mapping[str, object]) -> None:
    """Raises 403 unless the form came from a page of this very session."""
    if not equal(str(fields.get(CSRF_FIELD, "")), signed.csrf):
        raise PageProblem(
            403,
            "form-of-another-session",
            detail="Das Formular gehört zu einer früheren Sitzung. Laden Sie die Seite neu.",
        )
