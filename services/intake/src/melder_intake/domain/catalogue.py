"""The catalogue as intake knows it: bodies, categories with their questions, the region."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from melder_common.event_values import PublicationPolicy, Question, Translated

MAIN_LANGUAGE = "de"

_TYPED = frozenset({"string", "text"})

CategoryType = Literal["realtime", "batch", "blackbox"]


def in_language(text: Mapping[str, str], language: str = MAIN_LANGUAGE) -> str:
    """``text`` in ``language`` (or its primary tag), else in German, else whatever there is."""
    for tag in (language, language.partition("-")[0], MAIN_LANGUAGE):
        if text.get(tag):
            return text[tag]
    return next((said for said in text.values() if said), "")


@dataclass(frozen=True, slots=True)
class Category:
    """What can be reported. ``slug`` is the service_code of Open311."""

    slug: str
    name: Translated
    policy: PublicationPolicy
    group: Translated = field(default_factory=dict)
    description: Translated = field(default_factory=dict)
    keywords: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    type: CategoryType = "realtime"
    order: int = 0


@dataclass(frozen=True, slots=True)
class Body:
    """Somebody who may be responsible. ``ars``: 12 digits, leading zeros count."""

    slug: str
    name: str
    kind: str
    participation: str
    ars: str | None = None
    aliases: tuple[str, ...] = ()
    contact_text: Translated = field(default_factory=dict)

    @property
    def jurisdictions(self) -> frozenset[str]:
        """Every ``jurisdiction_id`` that means this body: slug, official keys, old keys."""
        return frozenset({self.slug, *self.aliases, *_official_keys(self.kind, self.ars or "")})


def _official_keys(kind: str, ars: str) -> tuple[str, ...]:
    """The keys in use for an ARS: itself, and AGS (8), Verband (9) or Kreis (5) digits of it."""
    if len(ars) != 12:
        return (ars,) if ars else ()
    if kind == "kreis":
        return ars, ars[:5]
    if kind == "verband":
        return ars, ars[:9]
    return ars, ars[:5] + ars[9:]


@dataclass(frozen=True)
class Catalogue:
    """A complete, published catalogue; ``version`` counts up in routing."""

    version: int
    region: str
    name: str
    jurisdiction_id: str
    categories: Mapping[str, Category]
    bodies: Mapping[str, Body]
    contact: Translated = field(default_factory=dict)
    emergency: Translated = field(default_factory=dict)

    @cached_property
    def ordered(self) -> tuple[Category, ...]:
        """Categories in the order of the region file."""
        return tuple(sorted(self.categories.values(), key=lambda found: (found.order, found.slug)))

    def grouped(self, language: str = MAIN_LANGUAGE) -> dict[str, list[Category]]:
        """Categories under the name of their group, both in the order of the region file."""
        groups: dict[str, list[Category]] = {}
        for category in self.ordered:
            groups.setdefault(in_language(category.group, language), []).append(category)
        return groups

    def category_name(self, slug: str, language: str = MAIN_LANGUAGE) -> str:
        """The name of a category; the slug itself when it was removed from the catalogue."""
        found = self.categories.get(slug)
        return in_language(found.name, language) if found else slug

    def is_free_text(self, category: str, code: str) -> bool:
        """Whether people type the answer to this question; of unknown ones that is assumed."""
        found = self.categories.get(category)
        questions = found.questions if found else ()
        return next((one.datatype in _TYPED for one in questions if one.code == code), True)

    def bodies_named(self, text: str) -> frozenset[str]:
        """The slugs of the bodies meant by a name, a slug or an official key."""
        folded = text.casefold()
        named = {body.slug for body in self.bodies.values() if body.name.casefold() == folded}
        slug = self.body_of_jurisdiction(text)
        return frozenset(named | ({slug} if slug else set()))

    @cached_property
    def _by_jurisdiction(self) -> dict[str, str | None]:
        known: dict[str, str | None] = {
            jurisdiction: body.slug
            for body in self.bodies.values()
            for jurisdiction in body.jurisdictions
        }
        # a region may be called like one of its bodies: its own name is jurisdiction_id
        return {self.region: None, **known, self.jurisdiction_id: None}

    def knows_jurisdiction(self, jurisdiction: str) -> bool:
        """Whether this installation serves ``jurisdiction`` at all."""
        return jurisdiction in self._by_jurisdiction

    def body_of_jurisdiction(self, jurisdiction: str) -> str | None:
        """The slug of the body meant, or None when the whole region is."""
        return self._by_jurisdiction.get(jurisdiction)
