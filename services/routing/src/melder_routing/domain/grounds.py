"""What the sentence about a decision is made of, in whatever language."""

from dataclasses import dataclass

from melder_common.event_values import Translated
from melder_routing.domain.decision import Rule, Status
from melder_routing.domain.rulebook import Body, Category
from melder_routing.domain.site import Asset, Road

SHOWN_WITHIN_M = 500.0
"""A border farther away than this does not matter to a reader (metres)."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """The grounds of a decision.

    ``because`` ends the sentence by language, with ``{poss}``. ``road``, ``asset`` and ``partner``
    (the other body of an agreement) are filled where the step has to do with them.
    """

    status: Status
    rule: Rule
    region: str
    responsible: Body | None = None
    working: Body | None = None
    serving: Body | None = None
    rivals: tuple[Body, ...] = ()
    neighbour: Body | None = None
    border: bool = False
    snapped: bool = False
    border_distance_m: float | None = None
    municipality: str | None = None
    category: Category | None = None
    because: Translated | None = None
    road: Road | None = None
    asset: Asset | None = None
    partner: Body | None = None

    @property
    def near_border(self) -> bool:
        """Whether a border is near enough to be told."""
        metres = self.border_distance_m
        return self.neighbour is not None and metres is not None and metres <= SHOWN_WITHIN_M
