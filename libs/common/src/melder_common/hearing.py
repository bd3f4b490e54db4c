"""The loop around a consumer: pullers bring messages, the consumer applies them."""

import asyncio
import random
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from melder_common.background import end, keep_running, wait_for
from melder_common.connection import Connection
from melder_common.consumer import Consumer
from melder_common.pull import Puller
from melder_common.streams import NatsTransport
from melder_common.transport import Message

TEND_S = 1.0
AGAIN_S = 0.1
CHECK_S = 60.0
SOON_S = 5.0
GATHER_S = 0.1
"""After a batch: a lone event is applied at once, a stream of them in batches."""


class Hearing:
    """Follows one partition of all logs that a service hears."""

    def __init__(
        self,
        consumer: Consumer[Any],
        connection: Connection,
        transport: NatsTransport,
        *,
        service: str,
        partition: int,
        check_s: float = CHECK_S,
        soon_s: float = SOON_S,
        gather_s: float = GATHER_S,
    ) -> None:
        self._consumer = consumer
        self._connection = connection
        self._check_s = check_s
        self._soon_s = soon_s
        self._gather_s = gather_s
        self._check_now = asyncio.Event()
        self._arrived = asyncio.Event()
        self._generation = -1
        self._pullers = {
            speaker: Puller(
                transport,
                service,
                speaker,
                partition,
                arrived=self._receiver(speaker),
                room=partial(consumer.room, speaker),
            )
            for speaker in consumer.logs
        }

    async def run(self) -> None:
        """Hear until cancelled. Raises what the database raises; call it again then."""
        await self._consumer.prepare()
        async with AsyncExitStack() as ending:  # goes to its end also when cancelled on the way
            for puller in self._pullers.values():
                ending.push_async_callback(puller.close)
            checking = asyncio.create_task(keep_running("check", self._check_regularly))
            ending.push_async_callback(end, [checking])
            while True:
                await self._tend()
                if await self._apply():
                    await asyncio.sleep(0 if self._consumer.crowded else self._gather_s)
                else:
                    await wait_for(self._arrived, AGAIN_S if self._consumer.behind else TEND_S)

    async def _tend(self) -> None:
        renewed = self._generation != self._connection.generation
        if renewed:
            self._generation = self._connection.generation
            self._check_now.set()
        for puller in self._pullers.values():
            if renewed:
                puller.reset()
            await puller.tend()

    async def _apply(self) -> bool:
        """Apply what has arrived, log after log; says whether there was anything.

        As many rounds as there are logs: what waits for another log gets its turn.
        """
        applied = False
        for _ in self._pullers:
            busy = False
            for speaker, puller in self._pullers.items():
                busy = await self._consumer.step(speaker) or busy
                await puller.tend()
            applied = applied or busy
            if not (busy and self._consumer.behind):
                break
        return applied

    async def _check_regularly(self) -> None:
        """Compare with the speakers; soon after a connection, and while there is something to get.

        The pause before the first look gives what is already on its way the time to arrive.
        """
        while True:
            await asyncio.sleep(self._soon_s)
            self._check_now.clear()
            for speaker in self._consumer.logs:
                await self._consumer.check(speaker)
            if not any(log.lag > 0 for log in self._consumer.logs.values()):
                pause = self._check_s * random.uniform(0.8, 1.0)  # noqa: S311 (spreads load)
                await wait_for(self._check_now, max(0.0, pause - self._soon_s))

    def _receiver(self, speaker: str) -> Callable[[Message], None]:
        def receive(message: Message) -> None:
            self._consumer.receive(speaker, message)
            self._arrived.set()

        return receive
