"""What routing hears: events of other services → use cases."""

from collections.abc import Mapping
from typing import Any

from melder_common.events import Event

SUBSCRIPTIONS: Mapping[type[Event], Any] = {}
