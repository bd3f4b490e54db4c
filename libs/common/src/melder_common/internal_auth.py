"""Who may call ``/internal``: the other services, by one bearer token."""

from collections.abc import Awaitable, Callable

from fastapi import Request

from melder_common.problems import Problem
from melder_common.tokens import equal


def require_internal(token: str) -> Callable[[Request], Awaitable[None]]:
    """A FastAPI dependency: 401 unless the request carries ``Authorization: Bearer <token>``."""

    async def check(request: Request) -> None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not equal(given.strip(), token):
            raise Problem(
                401,
                "internal-token-required",
                "Not authorised",
                "Calls between services need the internal bearer token.",
                headers={"WWW-Authenticate": 'Bearer realm="internal"'},
            )

    return check


def internal_headers(token: str) -> dict[str, str]:
    """What a service sends when it calls another's ``/internal``."""
    return {"Authorization": f"Bearer {token}"}
