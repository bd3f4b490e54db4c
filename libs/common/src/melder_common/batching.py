"""Putting events of one kind together, so that a handler gets many at once.

A report is routed and its text released in two events; in a hundred reports these alternate. Each
handler would be called two hundred times if only neighbours were put together. Events about
different reports know nothing of each other, so they may change places; events about one report,
or about one photo of it, may not.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from melder_common.envelope import Heard
from melder_common.followed_log import Arrival


def batch_by_handler(run: Sequence[Arrival]) -> list[list[Arrival]]:
    """The wanted arrivals of ``run`` as few batches of one handler each.

    Within what is about the same report or aggregate, the order is kept.
    """
    batches: list[list[Arrival]] = []
    last_of: dict[UUID, int] = {}
    floor = 0
    for arrival in run:
        if arrival.handler is None:
            continue
        if arrival.heard is None:  # unreadable: nobody knows what it is about
            batches.append([arrival])
            floor = len(batches)
            continue
        about = _about(arrival.heard)
        earliest = max(floor, *(last_of.get(one, floor) for one in about))
        index = _place(batches, arrival, earliest)
        last_of.update(dict.fromkeys(about, index))
    return batches


def batch_neighbours(run: Sequence[Arrival]) -> Iterator[list[Arrival]]:
    """Only neighbours together: for a log in which every event counts on those before it."""
    wanted = [arrival for arrival in run if arrival.handler is not None]
    for _, arrivals in groupby(wanted, key=attrgetter("handler")):
        yield list(arrivals)


def _about(heard: Heard[Any]) -> set[UUID]:
    others = (getattr(heard.event, field) for field in heard.event.ALSO_ABOUT)
    return {heard.aggregate_id, *([heard.report_id] if heard.report_id else ()), *others}


def _place(batches: list[list[Arrival]], arrival: Arrival, earliest: int) -> int:
    """Put ``arrival`` into a batch of its handler, not before ``earliest``; returns its index."""
    for index in range(earliest, len(batches)):
        if batches[index][0].handler is arrival.handler:
            batches[index].append(arrival)
            return index
    batches.append([arrival])
    return len(batches) - 1
