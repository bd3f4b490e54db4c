"""What a draft of rules or boundaries would send elsewhere: stored reports, decided twice."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from melder_routing.domain.decision import Decision

EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Replay:
    """A stored report as it is decided again; ``category`` is a slug, metres and degrees."""

    number: str
    category: str
    lat: float
    long: float
    accuracy_m: float | None
    asset_id: str | None
    submitted_at: datetime
    open: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a report goes: status, responsible and working body (slugs), queue."""

    status: str
    responsible: str | None
    working: str | None
    queue: str | None

    @classmethod
    def of(cls, decision: Decision) -> "Outcome":
        """The part of a decision that people notice."""
        return cls(
            decision.status.value,
            decision.responsible.slug if decision.responsible else None,
            decision.working.slug if decision.working else None,
            decision.queue,
        )

    @property
    def label(self) -> str:
        """The body that answers for it, else the status."""
        return self.responsible or self.status


@dataclass(frozen=True, slots=True)
class Moved:
    """A report that the draft would decide otherwise; ``reason`` is the draft's, in German."""

    replay: Replay
    before: Outcome
    after: Outcome
    reason: str


@dataclass(frozen=True, slots=True)
class Move:
    """Reports of one category that would go from one body to another; examples by number."""

    before: str
    after: str
    category: str
    reports: int
    still_open: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Simulation:
    """The result: how many were replayed, and those that would go elsewhere."""

    replayed: int
    day: str
    moved: Sequence[Moved]

    def moves(self) -> list[Move]:
        """Per body and category; the most first, ties by name."""
        groups: dict[tuple[str, str, str], list[Moved]] = {}
        for one in self.moved:
            key = (one.before.label, one.after.label, one.replay.category)
            groups.setdefault(key, []).append(one)
        return sorted(
            (_move(key, found) for key, found in groups.items()),
            key=lambda move: (-move.reports, move.before, move.after, move.category),
        )

    def lines(self, language: str) -> Iterator[str]:
        """The result as people read it."""
        words = _WORDS["en" if language == "en" else "de"]
        yield words["head"].format(n=self.replayed, day=self.day, moved=len(self.moved))
        for move in self.moves():
            yield words["move"].format(**asdict(move), shown=", ".join(move.examples))
        yield words["nothing"]

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "replayed": self.replayed,
            "day": self.day,
            "moved": len(self.moved),
            "moves": [asdict(move) for move in self.moves()],
        }

    def as_geojson(self) -> dict[str, Any]:
        """Every report that would move as a point for a map (RFC 7946)."""
        return {"type": "FeatureCollection", "features": [_feature(one) for one in self.moved]}


_WORDS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "head": "{n} Meldungen nachgestellt für den {day}: {moved} gingen woandershin",
        "move": "  {before} → {after}, {category}: {reports} ({still_open} offen), z. B. {shown}",
        "nothing": "Nichts wurde geschrieben.",
    },
    "en": {
        "head": "{n} reports replayed for {day}: {moved} would go elsewhere",
        "move": "  {before} → {after}, {category}: {reports} ({still_open} open), e.g. {shown}",
        "nothing": "Nothing was written.",
    },
}


def find_moved(
    replays: Iterable[Replay], before: Iterable[Outcome], after: Iterable[Decision]
) -> Iterator[Moved]:
    """The replays whose outcome changes, in their order."""
    for replay, was, decision in zip(replays, before, after, strict=True):
        becomes = Outcome.of(decision)
        if becomes != was:
            yield Moved(replay, was, becomes, decision.reason.get("de", ""))


def _move(key: tuple[str, str, str], found: Sequence[Moved]) -> Move:
    numbers = tuple(one.replay.number for one in found[:EXAMPLES])
    return Move(*key, len(found), sum(one.replay.open for one in found), numbers)


def _feature(one: Moved) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [one.replay.long, one.replay.lat]},
        "properties": {
            "number": one.replay.number,
            "category": one.replay.category,
            "open": one.replay.open,
            "before": asdict(one.before),
            "after": asdict(one.after),
            "reason": one.reason,
        },
    }
