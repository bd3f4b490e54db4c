"""Is the process alive, and may it get requests? Only the own database decides the latter."""

import asyncio
from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

Alive = Callable[[], bool]
Ready = Callable[[], Awaitable[bool]]

DATABASE_DEADLINE_S = 3


class Health:
    """What ``/healthz/live`` and ``/healthz/ready`` say.

    ``draining``: the process was asked to stop, still serves, and wants no new requests.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.draining = False
        self._engine = engine
        self._alive: dict[str, Alive] = {}
        self._ready: dict[str, Ready] = {"database": self._database_answers}

    def watch(self, name: str, alive: Alive) -> None:
        """Count a background task among what must live; ``alive`` must not wait for anything."""
        self._alive[name] = alive

    def require(self, name: str, ready: Ready) -> None:
        """Add a condition of readiness. Other services, NATS and S3 are none."""
        self._ready[name] = ready

    def dead(self) -> list[str]:
        """The names of background tasks that have stopped."""
        return [name for name, alive in self._alive.items() if not alive()]

    async def missing(self) -> list[str]:
        """The names of the conditions that keep requests away."""
        if self.draining:
            return ["draining"]
        return [name for name, ready in self._ready.items() if not await _is_met(ready)]

    async def _database_answers(self) -> bool:
        try:
            async with asyncio.timeout(DATABASE_DEADLINE_S), self._engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError):
            return False
        return True


async def _is_met(ready: Ready) -> bool:
    """Whether a condition is met; one that cannot be looked up, because a part is down, is not."""
    try:
        return await ready()
    except (SQLAlchemyError, OSError):
        return False


def health_router(health: Health) -> APIRouter:
    """``/healthz/live`` and ``/healthz/ready``: 200 or 503, with the names of what is missing."""
    router = APIRouter(prefix="/healthz", include_in_schema=False)

    @router.get("/live")
    async def live() -> JSONResponse:
        dead = health.dead()
        return JSONResponse({"alive": not dead, "dead": dead}, 503 if dead else 200)

    @router.get("/ready")
    async def ready() -> JSONResponse:
        missing = await health.missing()
        return JSONResponse({"ready": not missing, "missing": missing}, 503 if missing else 200)

    return router
