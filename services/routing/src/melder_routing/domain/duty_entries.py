"""Duties as a region file and a Land pack declare them: competences, conditions, agreements."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from melder_routing.domain.region_entry import Entry, FeatureChoice, Slug, Texts

RoadClass = Literal["A", "B", "L", "K", "G"]
"""Autobahn, Bundesstraße, Landesstraße, Kreisstraße, Gemeindestraße."""
Inhabitants = Annotated[int, Field(ge=0)]


class PopulationEntry(Entry):
    """Inhabitants of the Gemeinde: more than ``above``, and not more than ``up_to``."""

    above: Inhabitants | None = None
    up_to: Inhabitants | None = None


class ConditionEntry(Entry):
    """What must hold besides category and area; empty parts say nothing."""

    road_class: tuple[RoadClass, ...] = ()
    in_town: bool | None = None
    population: PopulationEntry | None = None
    asset_type: tuple[Slug, ...] = ()
    asset_operator: tuple[Slug, ...] = ()


class DutyEntry(Entry):
    """A duty for a ``category``, a ``group``, or any, whosoever it is."""

    mode: Literal["responsible", "performs_for", "informed"] = "responsible"
    category: str | None = None
    group: Slug | None = None
    area: Literal["jurisdiction", "own", "everywhere"] = "jurisdiction"
    condition: ConditionEntry = ConditionEntry()
    because: Texts | None = None
    valid_from: date | None = None
    valid_to: date | None = None


class CompetenceEntry(DutyEntry):
    """A duty of a body."""

    body: Slug
    own: tuple[FeatureChoice, ...] = ()
    performs_for: tuple[Slug, ...] = ()


class AgreementEntry(Entry):
    """Two bodies agreed who of them acts along their border.

    The stretch is ``own``, or else the whole common border ``within_m`` metres to both sides.
    Without ``categories`` and ``groups`` it counts for all that one of the two would do there.
    """

    between: tuple[Slug, Slug]
    leading: Slug
    own: tuple[FeatureChoice, ...] = ()
    within_m: Annotated[int, Field(ge=1, le=500)] = 25
    categories: tuple[str, ...] = ()
    groups: tuple[Slug, ...] = ()
    because: Texts | None = None
    valid_from: date | None = None
    valid_to: date | None = None
