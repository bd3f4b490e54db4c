"""Background work goes on after a failure, and ends when it is told to."""

import asyncio

from melder_common.background import end, keep_running, wait_for


async def test_work_that_fails_is_begun_again() -> None:
    begun = 0
    third = asyncio.Event()

    async def work() -> None:
        nonlocal begun
        begun += 1
        if begun == 3:
            third.set()
            await asyncio.Event().wait()
        raise ValueError

    task = asyncio.create_task(keep_running("work", work))
    async with asyncio.timeout(10):
        await third.wait()
    assert not task.done()
    await end([task])
    assert task.cancelled()


async def test_waiting_ends_with_the_event_or_the_time() -> None:
    event = asyncio.Event()
    await wait_for(event, 0.01)
    event.set()
    await wait_for(event, 60)
    assert not event.is_set()
