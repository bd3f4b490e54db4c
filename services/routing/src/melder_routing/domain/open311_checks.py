"""Checks of bodies reached by Open311: what no single field of the entry can tell."""

from collections.abc import Iterator

from melder_routing.domain.open311_entry import Open311Entry, ServiceChoice
from melder_routing.domain.region import CategoryEntry, Region
from melder_routing.domain.region_findings import Finding, Path, known

WRITTEN = frozenset({"string", "text"})
"""Datatypes of answers in which people write: they are reviewed nowhere and never go out."""


def check_open311(region: Region) -> Iterator[Finding]:
    """Bodies whose mapping names something unknown, or nothing at all."""
    for position, body in enumerate(region.bodies):
        at: Path = ("bodies", position)
        if body.open311 is not None:
            yield from _mapping((*at, "open311"), body.open311, region)


def _mapping(at: Path, entry: Open311Entry, region: Region) -> Iterator[Finding]:
    categories = {category.slug: category for category in region.categories}
    if not entry.services and entry.default_service is None:
        yield Finding(
            (*at, "services"),
            None,
            "no category has a remote service, so no case would ever leave",
            "add services: {our-category: their-code}, or default_service",
        )
    for slug, service in entry.services.items():
        yield from known((*at, "services", slug), slug, categories, "category")
        if slug in categories:
            yield from _attributes((*at, "services", slug), service, categories[slug])


def _attributes(at: Path, service: ServiceChoice, category: CategoryEntry) -> Iterator[Finding]:
    questions = {question.code: question for question in category.questions}
    for code, source in service.attributes.items():
        where = (*at, "attributes", code)
        yield from known(where, source.question, questions, f"question of {category.slug}")
        question = questions.get(source.question or "")
        if question is None:
            continue
        if question.datatype in WRITTEN:
            yield Finding(
                where,
                question.code,
                "holds what people write, which nobody has reviewed",
                "map a question with choices, a number or a date, or give a fixed value",
            )
        keys = [choice.key for choice in question.choices]
        for ours in source.choices:
            yield from known((*where, "choices", ours), ours, keys, f"choice of {question.code}")
