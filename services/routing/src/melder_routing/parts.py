"""What handlers and timers get at hand, built once in ``main``."""

from dataclasses import dataclass

from melder_routing.store.rulebooks import Rulebooks


@dataclass(frozen=True, slots=True)
class Parts:
    """The rules of the region as this process keeps them."""

    rulebooks: Rulebooks
