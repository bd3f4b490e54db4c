"""What intake hears is what the docstrings of the event catalogue say."""

import re
from typing import Any

from melder_common.events import CATALOGUE
from melder_intake.bus import SUBSCRIPTIONS


def named_as_hearer(event: Any) -> Any:
    said = re.search(r"heard by ([^.(]*)", " ".join((event.__doc__ or "").split()))
    return said is not None and re.search(r"\bintake\b", said[1]) is not None


def test_every_event_that_names_intake_is_heard_and_no_other() -> None:
    assert set(SUBSCRIPTIONS) == {event for event in CATALOGUE.values() if named_as_hearer(event)}
