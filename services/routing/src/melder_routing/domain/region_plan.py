"""What an apply would change: the digests of the file's entries against those applied last."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel

from melder_routing.domain.region import CompetenceEntry, Region
from melder_routing.domain.region_areas import Feature, RegionAreas

Digests = dict[str, dict[str, str]]
"""A digest by kind of entry and its name."""


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the plan."""

    verb: Literal["added", "changed", "removed"]
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Succession:
    """A body (slug) that has ended by law, and who stands in its place since when."""

    old: str
    heir: str
    on: date


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes, in the order of kinds; none when the region is applied already.

    ``ended``: bodies that the file still names although another one has succeeded them.
    """

    changes: tuple[Change, ...]
    ended: tuple[Succession, ...] = ()

    def removed(self, kind: str) -> tuple[str, ...]:
        """The names of one kind that the file no longer has."""
        return tuple(c.name for c in self.changes if c.verb == "removed" and c.kind == kind)

    def touches(self, *kinds: str) -> bool:
        """Whether anything of these kinds changes."""
        return any(change.kind in kinds for change in self.changes)


def digests_of(region: Region, areas: RegionAreas) -> Digests:
    """A digest of every entry, geometry included; passwords are none of them."""
    head = region.region
    return {
        "region": {
            head.slug: _digest(head, *map(_shape, (areas.outline, areas.excluded, areas.waters)))
        },
        "boundaries": {s.id: _digest(s) for s in region.boundaries},
        "body": {b.slug: _digest(b) for b in region.bodies},
        "area": {a.label: _digest(a.source, a.feature.name) for a in areas.bodies},
        "category": {c.slug: _digest(c, region.groups[c.group]) for c in region.categories},
        "order of categories": {"all": _digest([c.slug for c in region.categories])},
        "competence": dict(_competences(region, areas)),
        "agreement": {
            " – ".join(sorted(a.between)) + f" ({n})": _digest(a, _shape(areas.agreed.get(n, ())))
            for n, a in enumerate(region.agreements, start=0)
        },
        "queue": {q.slug: _digest(q) for q in region.queues},
        "clerk": {c.user: _digest(c) for c in region.clerks},
        "text": {name: _digest(texts) for name, texts in region.texts.items()},
        "retention": {"all": _digest(region.retention)},
        "holidays": {"all": _digest(region.holidays)},
    }


def make_plan(applied: Mapping[str, Mapping[str, str]], wanted: Digests) -> Plan:
    """The changes that lead from ``applied`` to ``wanted``."""
    return Plan(tuple(_changes(applied, wanted)))


def _changes(applied: Mapping[str, Mapping[str, str]], wanted: Digests) -> Iterator[Change]:
    for kind, entries in wanted.items():
        before = applied.get(kind, {})
        for name in sorted(before.keys() | entries.keys()):
            if name not in before:
                yield Change("added", kind, name)
            elif name not in entries:
                yield Change("removed", kind, name)
            elif before[name] != entries[name]:
                yield Change("changed", kind, name)


def _competences(region: Region, areas: RegionAreas) -> Iterator[tuple[str, str]]:
    names: dict[str, int] = {}
    for position, entry in enumerate(region.competences):
        name = competence_name(entry)
        names[name] = names.get(name, 0) + 1
        unique = name if names[name] == 1 else f"{name} ({names[name]})"
        yield unique, _digest(entry, _shape(areas.own.get(position, ())))


def competence_name(entry: CompetenceEntry) -> str:
    """What people call it: body, mode, subject and where."""
    subject = entry.category or (f"group {entry.group}" if entry.group else "any category")
    return f"{entry.body} {entry.mode} {subject} {entry.area}"


def _shape(features: Iterable[Feature]) -> list[str]:
    return sorted(feature.digest for feature in features)


def _digest(*values: Any) -> str:
    plain = [v.model_dump(mode="json") if isinstance(v, BaseModel) else v for v in values]
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
