"""What falls due in routing: kind of timer → use case."""

from collections.abc import Mapping
from typing import Any

TIMERS: Mapping[str, Any] = {}
