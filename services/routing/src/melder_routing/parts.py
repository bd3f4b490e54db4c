"""What handlers and timers get at hand, built once in ``main``."""

from dataclasses import dataclass

from melder_routing.store.link_office import LinkOffice
from melder_routing.store.open311_line import Open311Line
from melder_routing.store.rulebooks import Rulebooks


@dataclass(frozen=True, slots=True)
class Parts:
    """The rules of the region as this process keeps them, and the ways to bodies outside.

    ``line`` leads to those reached by Open311, ``links`` to those reached by e-mail. ``origin``:
    the public address, for links to reports and photos.
    """

    rulebooks: Rulebooks
    line: Open311Line
    links: LinkOffice
    origin: str
