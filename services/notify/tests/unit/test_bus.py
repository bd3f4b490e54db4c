import re

from melder_common.events import CATALOGUE
from melder_notify.bus import SUBSCRIPTIONS


def test_notify_hears_what_the_events_say_it_hears() -> None:
    promised = {
        event
        for event in CATALOGUE.values()
        for hearers in re.findall(r"heard by ([^.;]*)", " ".join((event.__doc__ or "").split()))
        if re.search(r"\bnotify\b", hearers)
    }
    assert set(SUBSCRIPTIONS) == promised
