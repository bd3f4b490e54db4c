"""A body that joins a region: its entries as they are written into the region file."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from melder_routing.domain.pack import LEVELS, Pack
from melder_routing.domain.region import Region
from melder_routing.domain.region_areas import Feature
from melder_routing.domain.region_entry import BodyKind

KINDS: dict[int, BodyKind] = {5: "kreis", 9: "verband", 12: "gemeinde"}
"""The kind of a body by the number of digits of its key."""
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


class JoiningRefused(ValueError):
    """A body that cannot join; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Joining:
    """What is added to the region file, line by line in YAML's flow style."""

    slug: str
    bodies: tuple[str, ...]
    queue: str
    clerk: str | None = None


def join(
    key: str,
    region: Region,
    features: Iterable[Feature],
    packs: Sequence[Pack],
    *,
    clerk: str | None = None,
    mailbox: str | None = None,
) -> Joining:
    """The body with the regional ``key``, its Gemeinden, a queue and a first clerk.

    With a ``mailbox`` it gets its cases by links there, and needs no clerk of its own.

    Names come from the boundary files and from the Land pack's words for the kind. Raises
    JoiningRefused.
    """
    names = {feature.key: feature.name for feature in features}
    pack = _pack_of(key, packs)
    _may_join(key, names, region)
    own = _body(key, names[key], pack, _parent(key, region), mailbox)
    children = [
        _body(child, names[child], pack, own.slug)
        for child in sorted(names)
        if len(key) == LEVELS["verband"] and _is_new_child(child, key, region)
    ]
    return Joining(
        own.slug,
        tuple(body.line for body in (own, *children)),
        f"{{slug: {own.slug}, name: {_quoted(own.name)}, serves: [{own.slug}]}}",
        _clerk(clerk, own) if clerk else None,
    )


@dataclass(frozen=True, slots=True)
class _Body:
    slug: str
    name: str
    line: str


def _body(
    key: str, place: str, pack: Pack, parent: str | None, mailbox: str | None = None
) -> _Body:
    kind = KINDS[len(key)]
    name = pack.kinds[kind].name.format(place=place) if kind in pack.kinds else place
    slug = slug_of(place if kind == "gemeinde" else name)
    above = f", parent: {parent}" if parent else ""
    town = f", place_name: {_quoted(place)}" if kind == "gemeinde" else ""
    by = f", participation: link, case_link: {{email: {_quoted(mailbox)}}}" if mailbox else ""
    head = f"slug: {slug}, name: {_quoted(name)}{town}, kind: {kind}, ars: {_quoted(key)}"
    said = head + above + by
    return _Body(slug, name, f"{{{said}}}")


def slug_of(name: str) -> str:
    """A name as a slug: "Amt Bützow-Land" → "amt-buetzow-land"."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower().translate(_UMLAUTS)).strip("-")


def _clerk(login: str, body: _Body) -> str:
    return (
        f"{{user: {_quoted(login)}, name: {_quoted(body.name)}, body: {body.slug}, "
        f"roles: [clerk, lead], queues: [{body.slug}], password_file: clerks/{body.slug}}}"
    )


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _pack_of(key: str, packs: Sequence[Pack]) -> Pack:
    for pack in packs:
        if key.startswith(pack.pack.key):
            return pack
    raise JoiningRefused(f"no Land pack of the region has keys like {key}; name it under packs:")


def _may_join(key: str, names: dict[str, str], region: Region) -> None:
    if len(key) not in KINDS:
        raise JoiningRefused(
            f"“{key}” is no key of a Kreis (5), Verband (9) or Gemeinde (12 digits)"
        )
    if key not in names:
        raise JoiningRefused(
            f"no boundary file of the region has an area with the key {key}; add one that has it"
        )
    there = next((body for body in region.bodies if body.ars == key), None)
    if there is not None:
        raise JoiningRefused(
            f"{there.slug} has the key {key} already; set its participation: desk and its queue"
        )


def _parent(key: str, region: Region) -> str | None:
    above = [b for b in region.bodies if b.ars and key.startswith(b.ars) and b.ars != key]
    return max(above, key=lambda body: len(body.ars or "")).slug if above else None


def _is_new_child(child: str, key: str, region: Region) -> bool:
    known = {body.ars for body in region.bodies}
    return len(child) == LEVELS["gemeinde"] and child.startswith(key) and child not in known
