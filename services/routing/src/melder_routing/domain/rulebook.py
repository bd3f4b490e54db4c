"""The rules of a region as a decision needs them: bodies, competences, categories, queues."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property

from melder_common.event_values import BodyRef, CategoryRef, PublicationPolicy, Translated
from melder_routing.domain.condition import ALWAYS, Condition
from melder_routing.domain.working_days import NO_HOLIDAYS, HolidayRules


class Mode(StrEnum):
    """What a competence says about its body."""

    RESPONSIBLE = "responsible"
    PERFORMS_FOR = "performs_for"
    INFORMED = "informed"


class CompetenceArea(StrEnum):
    """Where a competence counts."""

    JURISDICTION = "jurisdiction"
    OWN = "own"
    EVERYWHERE = "everywhere"


@dataclass(frozen=True, slots=True)
class Body:
    """A body with the words German needs: ``article`` (der, die, das) and the name of its place.

    ``place_name`` follows "in" and "zu" ("Broderstorf"); for bodies that are no place it equals
    ``name``. ``takes_part``: not merely named to citizens (participation ``notice_only``).
    ``population``: inhabitants, where the region file tells them.
    """

    slug: str
    name: str
    place_name: str
    article: str
    kind: str
    parent: str | None = None
    takes_part: bool = True
    contact: Translated = field(default_factory=dict)
    population: int | None = None

    @property
    def ref(self) -> BodyRef:
        """The body as events and answers name it."""
        return BodyRef(slug=self.slug, name=self.name)


@dataclass(frozen=True, slots=True)
class Category:
    """A category as routing needs it; ``due_days`` are working days.

    ``asset_types``: what it is about, where an asset can be named (a lamp, a bench).
    """

    slug: str
    ref: CategoryRef
    group: str
    policy: PublicationPolicy
    hazard: bool = False
    due_days: int = 10
    removed: bool = False
    asset_types: frozenset[str] = frozenset()


def _specificity(category: str | None, group: str | None, asked: Category | None) -> int | None:
    """2 for the category itself, 1 for its group, 0 for any; empty when it does not apply."""
    if category is None and group is None:
        return 0
    if asked is None:
        return None
    if category is not None:
        return 2 if category == asked.slug else None
    return 1 if group == asked.group else None


def _holds(day: date, first: date | None, last: date | None) -> bool:
    return (first is None or first <= day) and (last is None or day <= last)


@dataclass(frozen=True, slots=True)
class Competence:
    """A body's duty for a category, a group of them, or any; ``number`` is its id.

    ``because`` ends the sentence "…, weil" by language, with ``{poss}`` for seine or ihre.
    """

    number: str
    body: str
    mode: Mode
    area: CompetenceArea
    category: str | None = None
    group: str | None = None
    area_m2: float | None = None
    performs_for: frozenset[str] = frozenset()
    because: Translated = field(default_factory=dict)
    valid_from: date | None = None
    valid_to: date | None = None
    condition: Condition = ALWAYS

    def specificity(self, category: Category | None) -> int | None:
        """2 for the category itself, 1 for its group, 0 for any; empty when it does not apply."""
        return _specificity(self.category, self.group, category)

    def holds_on(self, day: date) -> bool:
        """Whether it is valid on ``day``, both ends included."""
        return _holds(day, self.valid_from, self.valid_to)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two bodies agreed who of them acts along a stretch of their border; ``number`` is its id.

    Without ``categories`` and ``groups`` it counts for all that one of the two would do there.
    """

    number: str
    bodies: frozenset[str]
    leading: str
    categories: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    because: Translated = field(default_factory=dict)
    valid_from: date | None = None
    valid_to: date | None = None

    def specificity(self, category: Category | None) -> int | None:
        """As ``Competence.specificity``."""
        if not self.categories and not self.groups:
            return 0
        if category is None:
            return None
        if category.slug in self.categories:
            return 2
        return 1 if category.group in self.groups else None

    def holds_on(self, day: date) -> bool:
        """As ``Competence.holds_on``."""
        return _holds(day, self.valid_from, self.valid_to)


@dataclass(frozen=True, slots=True)
class Clearing:
    """Where undecided cases go: a queue that belongs to a named body with a deputy."""

    queue: str
    body: str
    deputy: str


@dataclass(frozen=True, slots=True)
class QueueRule:
    """Which queue a body's cases lie in, for a category, a group, or all."""

    body: str
    queue: str
    category: str | None = None
    group: str | None = None

    def specificity(self, category: Category | None) -> int | None:
        """As ``Competence.specificity``."""
        return _specificity(self.category, self.group, category)


@dataclass(frozen=True, slots=True)
class DatedState:
    """A state of a register of roads or assets by its name, as decisions tell it."""

    name: str
    valid_from: date | None = None
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        """As ``Competence.holds_on``."""
        return _holds(day, self.valid_from, self.valid_to)


@dataclass(frozen=True)
class Rulebook:
    """Everything but geometry; ``version`` counts the applies that changed something.

    ``boundary_version`` names the boundaries, ``registers`` the states of roads and assets.
    """

    version: int
    region: str
    boundary_version: str
    clearing: Clearing
    bodies: Mapping[str, Body]
    categories: Mapping[str, Category]
    competences: tuple[Competence, ...]
    queues: tuple[QueueRule, ...]
    texts: Mapping[str, Translated] = field(default_factory=dict)
    agreements: tuple[Agreement, ...] = ()
    holidays: HolidayRules = NO_HOLIDAYS
    registers: tuple[DatedState, ...] = ()

    def data_version(self, day: date) -> str:
        """The name of all data that a decision on ``day`` is made from."""
        states = (state.name for state in self.registers if state.holds_on(day))
        return "+".join((self.boundary_version, *states))

    def queue_of(self, body: str, category: Category | None) -> str | None:
        """The queue of ``body``: that of the category before that of its group before any."""
        matching = [
            (specificity, rule.queue)
            for rule in self._queues_of.get(body, ())
            if (specificity := rule.specificity(category)) is not None
        ]
        return max(matching)[1] if matching else None

    def duties_of(self, mode: Mode, bodies: Iterable[str]) -> Iterator[Competence]:
        """The competences of ``mode`` that count in the jurisdictions of ``bodies``."""
        for body in bodies:
            yield from self._duties.get((mode, CompetenceArea.JURISDICTION, body), ())

    def duties_beside(self, mode: Mode, area: CompetenceArea) -> Iterable[Competence]:
        """The competences of ``mode`` that count everywhere, or in a geometry of their own."""
        return self._duties.get((mode, area, ""), ())

    @cached_property
    def _duties(self) -> dict[tuple[Mode, CompetenceArea, str], list[Competence]]:
        found: dict[tuple[Mode, CompetenceArea, str], list[Competence]] = {}
        for one in self.competences:
            body = one.body if one.area is CompetenceArea.JURISDICTION else ""
            found.setdefault((one.mode, one.area, body), []).append(one)
        return found

    @cached_property
    def _queues_of(self) -> dict[str, list[QueueRule]]:
        found: dict[str, list[QueueRule]] = {}
        for rule in self.queues:
            found.setdefault(rule.body, []).append(rule)
        return found
