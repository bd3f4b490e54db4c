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


async def test_a_cancellation_that_nobody_asked_for_does_not_end_the_work() -> None:
    """As when a client that closes cancels what others wait for."""
    begun = 0
    second = asyncio.Event()

    async def work() -> None:
        nonlocal begun
        begun += 1
        if begun == 2:
            second.set()
            await asyncio.Event().wait()
        answer = asyncio.get_running_loop().create_future()
        answer.cancel()
        await answer

    task = asyncio.create_task(keep_running("work", work))
    async with asyncio.timeout(10):
        await second.wait()
    await end([task])
    assert task.cancelled()


async def test_waiting_ends_with_the_event_or_the_time() -> None:
    event = asyncio.Event()
    await wait_for(event, 0.01)
    event.set()
    await wait_for(event, 60)
    assert not event.is_set()


async def test_a_task_that_swallows_being_cancelled_is_ended_all_the_same() -> None:
    """As ``asyncio.wait_for`` does on Python 3.11 when its answer comes at the same moment."""
    begun, answer = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def work() -> None:
        begun.set()
        await asyncio.wait_for(answer, 60)
        await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await begun.wait()
    answer.set_result(None)
    async with asyncio.timeout(30):
        await end([task])
    assert task.cancelled()


async def test_one_who_ends_tasks_and_is_ended_meanwhile_leaves_none_running() -> None:
    begun = asyncio.Event()

    async def deaf() -> None:
        begun.set()
        for _ in range(2):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                continue

    inner = asyncio.create_task(deaf())
    await begun.wait()
    ending = asyncio.create_task(end([inner]))
    await asyncio.sleep(0)
    await end([ending])
    async with asyncio.timeout(30):
        await inner
