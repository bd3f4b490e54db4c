"""Checks that a body's participation and the entry saying how it is reached belong together."""

from collections.abc import Iterator
from dataclasses import dataclass

from melder_routing.domain.region import BodyEntry, Region
from melder_routing.domain.region_findings import Finding, Path


@dataclass(frozen=True, slots=True)
class Way:
    """A participation that needs an entry: what is unknown without it, and how it is written."""

    participation: str
    entry: str
    unknown: str
    remedy: str


WAYS = (
    Way("open311", "open311", "where {body} takes reports", "add open311: {url: …}"),
    Way("link", "case_link", "where the links of {body} go", "add case_link: {email: …}"),
)


def check_participation(region: Region) -> Iterator[Finding]:
    """Bodies that lack the entry of their participation, or have that of another one."""
    for position, body in enumerate(region.bodies):
        for way in WAYS:
            yield from _agree(("bodies", position), body, way)
        if body.participation == "notice_only" and body.contact is None:
            yield Finding(
                ("bodies", position, "participation"),
                body.participation,
                f"{body.slug} is only named to citizens, but has no contact to name",
                "add contact: de: …",
            )


def _agree(at: Path, body: BodyEntry, way: Way) -> Iterator[Finding]:
    has_entry = getattr(body, way.entry) is not None
    if body.participation == way.participation and not has_entry:
        yield Finding(
            (*at, "participation"),
            body.participation,
            f"nobody knows {way.unknown.format(body=body.slug)}",
            way.remedy,
        )
    if body.participation != way.participation and has_entry:
        yield Finding(
            (*at, way.entry),
            None,
            f"means nothing with participation {body.participation}",
            f"set participation: {way.participation}, or remove it",
        )
