"""Hints within one process that there is work; polling finds it too, only later."""

import asyncio


class Wakeup:
    """Set after a commit: ``outbox`` for the relay, ``timers`` for what may have fallen due."""

    def __init__(self) -> None:
        self.outbox = asyncio.Event()
        self.timers = asyncio.Event()
