"""What a service does with what it hears."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from melder_common.envelope import Heard
from melder_common.events import Event
from melder_common.unit_of_work import UnitOfWork

Parts = TypeVar("Parts")

Handler = Callable[[UnitOfWork, Sequence[Heard[Any]], Parts], Awaitable[None]]
"""Applies consecutive events of one log, in order, within one transaction with the cursor.

When a batch fails, it is tried event by event, so a handler also gets lists of one. It touches only
its own schema: S3, SMTP and HTTP belong into timers that it plans.
"""

Subscriptions = Mapping[type[Event], Handler[Parts]]


def find_handlers(subscriptions: Subscriptions[Parts]) -> dict[str, Handler[Parts]]:
    """Handlers by the events' names on the wire."""
    return {event.NAME: handler for event, handler in subscriptions.items()}


def find_logs(
    subscriptions: Subscriptions[Any], service: str, partitions: int
) -> dict[int, list[str]]:
    """The logs to follow: partition → speakers; the catalogue's partition is 0."""
    speakers: dict[bool, set[str]] = {True: set(), False: set()}
    for event in subscriptions:
        if service != event.SPEAKER:
            speakers[event.AGGREGATE == "catalogue"].add(event.SPEAKER)
    reports = range(1, partitions + 1)
    return {0: sorted(speakers[True])} | {p: sorted(speakers[False]) for p in reports}
