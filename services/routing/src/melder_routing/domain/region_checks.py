"""Checks across the parts of a region file that no single field can make."""

from collections.abc import Callable, Iterable, Iterator

from melder_common.event_values import Question
from melder_routing.domain.condition_checks import check_agreements, check_contradictions
from melder_routing.domain.duty_checks import (
    check_competences,
    check_queues,
    check_stretches,
    choices_known,
    everybody_has_a_queue,
)
from melder_routing.domain.open311_checks import check_open311
from melder_routing.domain.participation_checks import check_participation
from melder_routing.domain.region import BodyEntry, CategoryEntry, FeatureChoice, Region
from melder_routing.domain.region_findings import Finding, Path, known

LISTS = frozenset({"singlevaluelist", "multivaluelist"})


def check_region(region: Region) -> list[Finding]:
    """Every mistake across entries; empty when the region can be evaluated completely."""
    return [finding for check in _CHECKS for finding in check(region)]


def _unique(path: Path, values: Iterable[str], what: str) -> Iterator[Finding]:
    seen = set[str]()
    for position, value in enumerate(values):
        if value in seen:
            yield Finding(
                (*path, position), value, f"this {what} stands twice", "rename or remove one"
            )
        seen.add(value)


def _duplicates(region: Region) -> Iterator[Finding]:
    yield from _unique(("boundaries",), (s.id for s in region.boundaries), "boundary file")
    yield from _unique(("bodies",), (b.slug for b in region.bodies), "body")
    yield from _unique(("categories",), (c.slug for c in region.categories), "category")
    yield from _unique(("queues",), (q.slug for q in region.queues), "queue")
    yield from _unique(("clerks",), (c.user for c in region.clerks), "clerk")
    for position, category in enumerate(region.categories):
        path: Path = ("categories", position, "questions")
        yield from _unique(path, (q.code for q in category.questions), "question")


def _head(region: Region) -> Iterator[Finding]:
    bodies = {body.slug for body in region.bodies}
    clearing = region.region.clearing
    at: Path = ("region", "clearing")
    yield from known((*at, "body"), clearing.body, bodies, "body")
    yield from known((*at, "deputy"), clearing.deputy, bodies, "body")
    yield from known(
        (*at, "queue"), clearing.queue, [queue.slug for queue in region.queues], "queue"
    )
    if clearing.deputy == clearing.body:
        yield Finding(
            (*at, "deputy"), clearing.deputy, "is the clearing body itself", "name another body"
        )
    for slug, name in ((clearing.body, "body"), (clearing.deputy, "deputy")):
        if any(body.slug == slug and body.participation != "desk" for body in region.bodies):
            yield Finding(
                (*at, name),
                slug,
                "does not work at the desk",
                "name a body with participation desk",
            )
    for field in ("outline", "excluded", "waters"):
        choices: tuple[FeatureChoice, ...] = getattr(region.region, field)
        yield from choices_known(("region", field), choices, region)


def _bodies(region: Region) -> Iterator[Finding]:
    by_slug = {body.slug: body for body in region.bodies}
    for position, body in enumerate(region.bodies):
        at: Path = ("bodies", position)
        yield from known((*at, "parent"), body.parent, by_slug, "body")
        yield from choices_known((*at, "areas"), body.areas or (), region)
        if _in_circle(body, by_slug):
            yield Finding(
                (*at, "parent"), body.parent, "the parents form a circle", "break it at one body"
            )


def _in_circle(body: BodyEntry, by_slug: dict[str, BodyEntry]) -> bool:
    seen = {body.slug}
    parent = body.parent
    while parent is not None and parent in by_slug:
        if parent in seen:
            return parent == body.slug
        seen.add(parent)
        parent = by_slug[parent].parent
    return False


def _categories(region: Region) -> Iterator[Finding]:
    for position, category in enumerate(region.categories):
        at: Path = ("categories", position)
        yield from known((*at, "group"), category.group, region.groups, "group")
        yield from _questions(at, category)


def _questions(at: Path, category: CategoryEntry) -> Iterator[Finding]:
    for number, question in enumerate(category.questions):
        where = (*at, "questions", number)
        if "de" not in question.text:
            yield Finding((*where, "text"), question.code, "has no German text", "add de: …")
        yield from _choices_fit(where, question)


def _choices_fit(where: Path, question: Question) -> Iterator[Finding]:
    is_list = question.datatype in LISTS
    if is_list and not question.choices:
        yield Finding(
            (*where, "datatype"),
            question.datatype,
            "a list question has no choices",
            "add choices, or use the datatype string",
        )
    if not is_list and question.choices:
        yield Finding(
            (*where, "datatype"),
            question.datatype,
            "has choices, but is no list",
            "use singlevaluelist or multivaluelist, or remove the choices",
        )


def _clerks(region: Region) -> Iterator[Finding]:
    bodies = {body.slug for body in region.bodies}
    for position, clerk in enumerate(region.clerks):
        at: Path = ("clerks", position)
        yield from known((*at, "body"), clerk.body, bodies, "body")
        for number, queue in enumerate(clerk.queues):
            yield from known(
                (*at, "queues", number), queue, [queue.slug for queue in region.queues], "queue"
            )


def _validity(region: Region) -> Iterator[Finding]:
    for position, source in enumerate(region.boundaries):
        if source.valid_from and source.valid_to and source.valid_to < source.valid_from:
            yield Finding(
                ("boundaries", position, "valid_to"),
                source.valid_to,
                "ends before it begins",
                "swap or correct the dates",
            )


_CHECKS: tuple[Callable[[Region], Iterator[Finding]], ...] = (
    _duplicates,
    _head,
    _bodies,
    _categories,
    check_competences,
    check_contradictions,
    check_agreements,
    check_stretches,
    check_queues,
    everybody_has_a_queue,
    check_participation,
    check_open311,
    _clerks,
    _validity,
)
