"""Which features of the boundary files make up whose area."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from melder_routing.domain.region import BodyEntry, BoundarySource, FeatureChoice, Region
from melder_routing.domain.region_findings import Finding, Path


@dataclass(frozen=True, slots=True)
class Feature:
    """A polygon of a boundary file as it was read: well-known binary in the file's ``crs``."""

    key: str
    name: str
    wkb: bytes
    crs: str

    @property
    def digest(self) -> str:
        """The same for the same geometry in the same reference system."""
        return hashlib.sha256(self.crs.encode() + self.wkb).hexdigest()


def file_digest(features: Iterable[Feature]) -> str:
    """The same for the same features, in whatever order and format they stand in the file."""
    listed = sorted(feature.key + feature.digest for feature in features)
    return hashlib.sha256("".join(listed).encode()).hexdigest()


Features = Mapping[str, tuple[Feature, ...]]
"""The features of every boundary file by its id."""


@dataclass(frozen=True, slots=True)
class BodyArea:
    """A feature that belongs to a body's jurisdiction."""

    body: str
    source: BoundarySource
    feature: Feature
    service: str | None = None
    """The kind of a body that only has duties here (``service_keys``); else empty."""

    @property
    def layer(self) -> str:
        """Its order among areas: that of the file, or its own for duties in others' areas."""
        return f"service-{self.service.replace('_', '-')}" if self.service else self.source.layer

    @property
    def general(self) -> bool:
        """Whether it counts for default duties."""
        return self.source.general and self.service is None

    @property
    def label(self) -> str:
        """What the plan calls it; parts of one key in one file are told apart by their digest."""
        return f"{self.body} {self.source.id} {self.feature.key} {self.feature.digest[:8]}"


@dataclass(frozen=True, slots=True)
class RegionAreas:
    """Everything geometric of a region.

    ``own`` and ``agreed`` are the geometries of competences and agreements by position.
    """

    bodies: tuple[BodyArea, ...]
    outline: tuple[Feature, ...]
    excluded: tuple[Feature, ...]
    waters: tuple[Feature, ...]
    own: Mapping[int, tuple[Feature, ...]]
    agreed: Mapping[int, tuple[Feature, ...]] = field(default_factory=dict)


def find_areas(region: Region, features: Features) -> tuple[RegionAreas, list[Finding]]:
    """The areas of ``region``, and what in it finds no feature."""
    sources = {source.id: source for source in region.boundaries}
    by_key = _by_key(region, features)
    bodies = tuple(
        BodyArea(body.slug, sources[source], feature)
        for body in region.bodies
        for source, feature in _features_of(body, by_key, features)
    ) + tuple(
        BodyArea(body.slug, sources[source], feature, body.kind)
        for body in region.bodies
        for key in body.service_keys
        for source, feature in by_key.get(key, ())
    )
    areas = RegionAreas(
        bodies=bodies,
        outline=_chosen(region.region.outline, features),
        excluded=_chosen(region.region.excluded, features),
        waters=_chosen(region.region.waters, features),
        own={n: _chosen(c.own, features) for n, c in enumerate(region.competences) if c.own},
        agreed={n: _chosen(a.own, features) for n, a in enumerate(region.agreements) if a.own},
    )
    with_area = {area.body for area in bodies} | {b.slug for b in region.bodies if b.imported}
    return areas, list(_findings(region, features, with_area))


def _by_key(region: Region, features: Features) -> dict[str, list[tuple[str, Feature]]]:
    found: dict[str, list[tuple[str, Feature]]] = {}
    for source in region.boundaries:
        for feature in features[source.id]:
            found.setdefault(feature.key, []).append((source.id, feature))
    return found


def _features_of(
    body: BodyEntry, by_key: Mapping[str, list[tuple[str, Feature]]], features: Features
) -> Iterator[tuple[str, Feature]]:
    if body.areas is not None:
        for choice in body.areas:
            for feature in _chosen((choice,), features):
                yield choice.boundaries, feature
    elif body.ars is not None:
        yield from by_key.get(body.ars, ())


def _chosen(choices: Iterable[FeatureChoice], features: Features) -> tuple[Feature, ...]:
    return tuple(
        feature
        for choice in choices
        for feature in features[choice.boundaries]
        if not choice.keys or feature.key in choice.keys
    )


def _findings(region: Region, features: Features, with_area: set[str]) -> Iterator[Finding]:
    for path, choices in _all_choices(region):
        yield from _missing_keys(path, choices, features)
    for position, body in enumerate(region.bodies):
        if body.areas is None and body.ars is not None and body.slug not in with_area:
            yield Finding(
                ("bodies", position, "ars"),
                body.ars,
                "no boundary file has an area with this key",
                "correct the key, name areas, add the file that has it, or import it first and "
                "name it under imported: [{layer: …, keys: […]}]",
            )
    for position, entry in enumerate(region.competences):
        if entry.area == "jurisdiction" and entry.body not in with_area:
            yield Finding(
                ("competences", position, "body"),
                entry.body,
                "has no area that the competence could count in",
                "give the body an ars or areas, or set area: everywhere",
            )


def _all_choices(region: Region) -> Iterator[tuple[Path, Iterable[FeatureChoice]]]:
    head = region.region
    yield ("region", "outline"), head.outline
    yield ("region", "excluded"), head.excluded
    yield ("region", "waters"), head.waters
    for position, body in enumerate(region.bodies):
        yield ("bodies", position, "areas"), body.areas or ()
    for position, entry in enumerate(region.competences):
        yield ("competences", position, "own"), entry.own
    for position, agreement in enumerate(region.agreements):
        yield ("agreements", position, "own"), agreement.own


def _missing_keys(
    path: Path, choices: Iterable[FeatureChoice], features: Features
) -> Iterator[Finding]:
    for position, choice in enumerate(choices):
        there = {feature.key for feature in features[choice.boundaries]}
        for number, key in enumerate(choice.keys):
            if key not in there:
                yield Finding(
                    (*path, position, "keys", number),
                    key,
                    f"the boundary file {choice.boundaries} has no area with this key",
                    "correct the key, or bring the file that has it",
                )
