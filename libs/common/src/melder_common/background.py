"""Background work that must not end: it fails, is logged, pauses, and goes on."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from melder_common.failures import name_failure

LONGEST_PAUSE_S = 5.0

_log = structlog.get_logger()


async def keep_running(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run ``work`` again and again until cancelled, pausing longer after each failure in a row."""
    failures = 0
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        try:
            await work()
        except Exception as error:  # noqa: BLE001 (the edge that keeps a service working)
            failures = 1 if loop.time() - began > 60 else failures + 1
            pause = min(LONGEST_PAUSE_S, 0.1 * 2 ** min(failures, 10))
            _log.warning(
                "background_failed", work=name, reason=name_failure(error), again_in_s=pause
            )
            await asyncio.sleep(pause)


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Return when ``event`` is set, or after ``seconds``; the event is then cleared."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
    event.clear()


async def end(tasks: "list[asyncio.Task[None]]") -> None:
    """Cancel ``tasks`` and wait until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
