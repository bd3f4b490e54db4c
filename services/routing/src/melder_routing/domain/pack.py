"""A Land pack: what the bodies of a whole Land share, written once and used by every region in it.

A rule names no body but a kind or a level, and becomes one competence for each body of the region
that it means. Levels follow from regional keys (ARS): 2 digits a Land, 5 a Kreis or a kreisfreie
Stadt, 9 a Verband, 12 a Gemeinde.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from melder_routing.domain.duty_entries import CompetenceEntry, DutyEntry
from melder_routing.domain.region import BodyEntry, HolidaysEntry, Region
from melder_routing.domain.region_entry import BodyKind, Entry, Name, Slug

LEVELS = {"land": 2, "kreis": 5, "verband": 9, "gemeinde": 12}


class PackHead(Entry):
    """``key``: the Land's two digits; ``source``: the law it was written from, with its date."""

    slug: Slug
    name: Name
    key: Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]
    source: Name


class KindEntry(Entry):
    """How bodies of one kind are called in this Land; ``name`` holds ``{place}``."""

    name: Annotated[str, StringConstraints(pattern=r"^[^{}]*\{place\}[^{}]*$")]
    article: Literal["der", "die", "das"]


class PackRule(DutyEntry):
    """A duty of all bodies of a ``kind`` or a ``level``, or of one ``body`` of the pack."""

    id: Slug
    body: Slug | None = None
    kind: BodyKind | None = None
    level: Literal["land", "kreis", "verband", "gemeinde"] | None = None


class Pack(Entry):
    """The whole file ``pack.yaml``."""

    version: Literal[1]
    pack: PackHead
    kinds: dict[BodyKind, KindEntry] = Field(default_factory=dict)
    holidays: HolidaysEntry
    bodies: tuple[BodyEntry, ...] = ()
    rules: tuple[PackRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Expanded:
    """A region with what its packs bring.

    ``origins``: (pack, rule) by number, one for each competence behind the region's own.
    """

    region: Region
    origins: tuple[tuple[int, int], ...]


def expand(region: Region, packs: Sequence[Pack]) -> Expanded:
    """The region with the bodies, competences and holidays of its packs.

    What the region says of a body itself counts instead of what a pack says of it. Holidays are
    the region's own, or else those of its first pack.
    """
    bodies = _with_shared(region, packs)
    found = [
        (entry, (n, m))
        for n, pack in enumerate(packs)
        for m, rule in enumerate(pack.rules)
        if rule.id not in region.packs[n].without
        for entry in _competences(rule, pack, _counted(bodies, region), alone=len(packs) == 1)
    ]
    wanted = {
        "bodies": bodies,
        "competences": (*region.competences, *(entry for entry, _ in found)),
        "holidays": _holidays(region, packs),
    }
    return Expanded(region.model_copy(update=wanted), tuple(origin for _, origin in found))


def _with_shared(region: Region, packs: Iterable[Pack]) -> tuple[BodyEntry, ...]:
    bodies = list(region.bodies)
    keys = [body.ars for body in region.bodies if body.ars]
    for pack in packs:
        for body in pack.bodies:
            known = any(other.slug == body.slug for other in bodies)
            if _concerns(body, keys) and not known:
                bodies.append(body.model_copy(update={"pack": pack.pack.slug}))
    return tuple(bodies)


def _concerns(body: BodyEntry, keys: Iterable[str]) -> bool:
    """Whether a shared body has anything to do with the region; one without keys always has."""
    if not body.service_keys:
        return True
    return any(key.startswith(own) for key in keys for own in body.service_keys)


def _holidays(region: Region, packs: Sequence[Pack]) -> HolidaysEntry:
    own = region.holidays
    return own if own != HolidaysEntry() or not packs else packs[0].holidays


def _competences(
    rule: PackRule, pack: Pack, bodies: Sequence[BodyEntry], *, alone: bool
) -> Iterator[CompetenceEntry]:
    parents = {body.parent for body in bodies}
    shared = rule.model_dump(include=set(DutyEntry.model_fields), exclude_unset=True)
    for body in bodies:
        if not _means(rule, body) or not _belongs(body, pack, alone=alone):
            continue
        gets_nothing = body.participation == "notice_only" and rule.mode != "responsible"
        works_for_nobody = rule.mode == "performs_for" and body.slug not in parents
        if not gets_nothing and not works_for_nobody and _may_hold(rule, body):
            yield CompetenceEntry(body=body.slug, **shared)


def _counted(bodies: Sequence[BodyEntry], region: Region) -> list[BodyEntry]:
    """The bodies with the inhabitants that they count as."""
    usual = region.region.unstated_population
    return [
        body.model_copy(update={"population": usual})
        if body.kind == "gemeinde" and body.population is None
        else body
        for body in bodies
    ]


def _may_hold(rule: PackRule, body: BodyEntry) -> bool:
    """Whether the size of a Gemeinde leaves anything of a rule about towns like it."""
    limits, inhabitants = rule.condition.population, body.population
    if limits is None or inhabitants is None or body.kind != "gemeinde":
        return True
    small = limits.above is not None and inhabitants <= limits.above
    large = limits.up_to is not None and inhabitants > limits.up_to
    return not small and not large


def _means(rule: PackRule, body: BodyEntry) -> bool:
    if rule.body is not None:
        return body.slug == rule.body
    of_kind = rule.kind is None or body.kind == rule.kind
    of_level = rule.level is None or len(body.ars or "") == LEVELS[rule.level]
    return of_kind and of_level


def _belongs(body: BodyEntry, pack: Pack, *, alone: bool) -> bool:
    if body.ars is not None:
        return body.ars.startswith(pack.pack.key)
    return body.pack == pack.pack.slug or (body.pack is None and alone)
