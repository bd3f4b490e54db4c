"""What routing hears is what the docstrings of the events say that it hears."""

import re

from melder_common.events import CATALOGUE
from melder_routing.bus import SUBSCRIPTIONS


def hears(docstring: str) -> bool:
    told = re.search(r"heard\s+by\s+(.*)", " ".join(docstring.split()), re.DOTALL)
    return told is not None and "routing" in told.group(1).split(".")[0]


def test_every_event_meant_for_routing_has_a_handler_and_no_other() -> None:
    meant = {event for event in CATALOGUE.values() if hears(event.__doc__ or "")}
    assert {event.NAME for event in meant} == {event.NAME for event in SUBSCRIPTIONS}
