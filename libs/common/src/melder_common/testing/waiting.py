"""Waiting for something to become true, never for a fixed time."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable


async def until(true: Callable[[], bool | Awaitable[bool]], seconds: float = 120) -> None:
    """Return as soon as ``true`` says so. Raises TimeoutError after ``seconds``."""
    async with asyncio.timeout(seconds) as limit:
        while True:
            answer = true()
            if inspect.isawaitable(answer):
                answer = await answer
            if limit.expired():  # its cancellation got lost on the way, see background.end
                raise TimeoutError
            if answer:
                return
            await asyncio.sleep(0.02)
