"""Background work that must not end: it fails, is logged, pauses, and goes on."""

import asyncio
from collections.abc import Awaitable, Callable, Collection

import structlog

from melder_common.failures import name_failure

LONGEST_PAUSE_S = 5.0
ASK_AGAIN_S = 1.0
"""How long a task may take to end before it is cancelled once more."""

_log = structlog.get_logger()


async def keep_running(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run ``work`` again and again until cancelled, pausing longer after each failure in a row.

    A cancellation that nobody asked for is a failure like others: a library has ended something
    that ``work`` was waiting for.
    """
    failures = 0
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        try:
            await work()
        except (Exception, asyncio.CancelledError) as error:
            if _is_asked_to_end(error):
                raise
            failures = 1 if loop.time() - began > 60 else failures + 1
            pause = min(LONGEST_PAUSE_S, 0.1 * 2 ** min(failures, 10))
            _log.warning(
                "background_failed", work=name, reason=name_failure(error), again_in_s=pause
            )
            await asyncio.sleep(pause)


def _is_asked_to_end(error: BaseException) -> bool:
    task = asyncio.current_task()
    asked = task is not None and task.cancelling() > 0
    return asked and isinstance(error, asyncio.CancelledError)


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Return when ``event`` is set, or after ``seconds``; the event is then cleared."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
    event.clear()


async def end(tasks: "Collection[asyncio.Task[None]]") -> None:
    """Cancel ``tasks`` and wait until they have ended.

    Again and again, because a cancellation can get lost, and the task goes on as if nothing had
    been asked of it: nats-py waits by ``asyncio.wait_for``, which on Python 3.11 swallows it when
    the answer comes at the same moment (python/cpython#86296), and a query whose time is over at
    that moment ends as timed out.
    """
    running = set(tasks)
    try:
        while running:
            for task in running:
                task.cancel()
            _, running = await asyncio.wait(running, timeout=ASK_AGAIN_S)
            for task in running:
                _log.info("cancelling_again", work=task.get_name())
    finally:
        for task in running:  # when the one who waits here is ended itself
            task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
