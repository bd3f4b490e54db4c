"""Checks of duties: competences, and the queues that the cases of every body lie in."""

from collections.abc import Iterable, Iterator, Mapping

from melder_routing.domain.condition_checks import check_condition
from melder_routing.domain.region import (
    BodyEntry,
    CompetenceEntry,
    FeatureChoice,
    QueueService,
    Region,
)
from melder_routing.domain.region_findings import Finding, Path, known


def choices_known(
    path: Path, choices: Iterable[FeatureChoice], region: Region
) -> Iterator[Finding]:
    """Findings for choices out of boundary files that are not declared."""
    sources = {source.id for source in region.boundaries}
    for position, choice in enumerate(choices):
        at = (*path, position, "boundaries")
        yield from known(at, choice.boundaries, sources, "boundary file")


def check_competences(region: Region) -> Iterator[Finding]:
    """Competences that name something unknown or cannot be evaluated."""
    bodies = {body.slug: body for body in region.bodies}
    for position, entry in enumerate(region.competences):
        at: Path = ("competences", position)
        yield from known((*at, "body"), entry.body, bodies, "body")
        for number, slug in enumerate(entry.performs_for):
            yield from known((*at, "performs_for", number), slug, bodies, "body")
        yield from _subject(at, entry, region)
        yield from _where(at, entry, region)
        yield from _performs(at, entry, region)
        yield from _told(at, entry, bodies)
        yield from check_condition(at, entry, region)


def check_stretches(region: Region) -> Iterator[Finding]:
    """Agreements along boundaries that are not declared."""
    for position, entry in enumerate(region.agreements):
        yield from choices_known(("agreements", position, "own"), entry.own, region)


def _subject(at: Path, entry: CompetenceEntry | QueueService, region: Region) -> Iterator[Finding]:
    categories = {category.slug for category in region.categories}
    yield from known((*at, "category"), entry.category, categories, "category")
    yield from known((*at, "group"), entry.group, region.groups, "group")
    if entry.category is not None and entry.group is not None:
        yield Finding(
            (*at, "group"),
            entry.group,
            "stands beside a category",
            "keep the category or the group; make two entries for both",
        )


def _where(at: Path, entry: CompetenceEntry, region: Region) -> Iterator[Finding]:
    yield from choices_known((*at, "own"), entry.own, region)
    if entry.area == "own" and not entry.own:
        yield Finding(
            (*at, "area"), entry.area, "has no geometry of its own", "add own: [{boundaries: …}]"
        )
    if entry.area != "own" and entry.own:
        yield Finding(
            (*at, "area"), entry.area, "has a geometry of its own", "set area: own, or remove own"
        )
    if entry.valid_from and entry.valid_to and entry.valid_to < entry.valid_from:
        yield Finding(
            (*at, "valid_to"), entry.valid_to, "ends before it begins", "swap or correct the dates"
        )
    for language, text in (entry.because or {}).items():
        if "{" in text.replace("{poss}", "") or "}" in text.replace("{poss}", ""):
            yield Finding(
                (*at, "because", language),
                text,
                "has an unknown placeholder",
                "only {poss} is known (seine, ihre)",
            )


def _told(at: Path, entry: CompetenceEntry, bodies: Mapping[str, BodyEntry]) -> Iterator[Finding]:
    """A body that is only named to citizens can neither work nor be informed."""
    body = bodies.get(entry.body)
    if body is None or body.participation != "notice_only" or entry.mode == "responsible":
        return
    yield Finding(
        (*at, "body"),
        entry.body,
        f"is only named to citizens, so mode {entry.mode} would do nothing",
        "let it take part (participation: desk, link or open311), or remove the competence",
    )


def _performs(at: Path, entry: CompetenceEntry, region: Region) -> Iterator[Finding]:
    if entry.mode == "performs_for":
        children = any(body.parent == entry.body for body in region.bodies)
        if entry.body in entry.performs_for:
            yield Finding(
                (*at, "performs_for"), entry.body, "performs for itself", "name other bodies"
            )
        if not entry.performs_for and not children:
            yield Finding(
                (*at, "mode"),
                entry.mode,
                f"nobody has {entry.body} as parent",
                "name the bodies it works for in performs_for",
            )
    elif entry.performs_for:
        yield Finding(
            (*at, "performs_for"),
            ", ".join(entry.performs_for),
            f"means nothing with mode {entry.mode}",
            "set mode: performs_for, or remove it",
        )


def check_queues(region: Region) -> Iterator[Finding]:
    """Queues that serve somebody unknown, or two that serve the same."""
    bodies = {body.slug for body in region.bodies}
    taken: dict[QueueService, str] = {}
    for position, queue in enumerate(region.queues):
        for number, service in enumerate(queue.serves):
            at: Path = ("queues", position, "serves", number)
            yield from known((*at, "body"), service.body, bodies, "body")
            yield from _subject(at, service, region)
            first = taken.setdefault(service, queue.slug)
            if first != queue.slug:
                yield Finding(
                    (*at, "body"),
                    service.body,
                    f"its cases already lie in the queue {first}",
                    "keep one queue, or tell them apart by category or group",
                )


def everybody_has_a_queue(region: Region) -> Iterator[Finding]:
    """A body that takes part needs a queue, or a body that does its work in one."""
    queued = {s.body for q in region.queues for s in q.serves if not (s.category or s.group)}
    performers = {
        c.body
        for c in region.competences
        if c.mode == "performs_for" and not (c.category or c.group) and c.body in queued
    }
    named = {slug for c in region.competences if c.body in performers for slug in c.performs_for}
    for position, body in enumerate(region.bodies):
        helped = body.parent in performers or body.slug in named
        if body.participation == "notice_only" or body.slug in queued or helped:
            continue
        yield Finding(
            ("bodies", position, "slug"),
            body.slug,
            "its cases would lie in no queue",
            "add it to serves of a queue, or let its parent perform for it",
        )
