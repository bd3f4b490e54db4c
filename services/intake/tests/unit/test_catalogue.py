"""The catalogue: names by language, jurisdictions by slug and official key."""

from typing import Any

import pytest

from melder_common.event_values import PublicationPolicy
from melder_intake.domain.catalogue import Body, Catalogue, Category, in_language

BODIES = (
    Body("rostock", "Rostock", "gemeinde", "desk", "130030000000", ("hro",)),
    Body("landkreis-rostock", "Landkreis Rostock", "kreis", "desk", "130720000000"),
    Body("amt-carbaek", "Amt Carbäk", "verband", "desk", "130725253000"),
    Body("broderstorf", "Broderstorf", "gemeinde", "desk", "130725253019"),
    Body("strom", "Stromwerke", "utility", "link"),
)


def category(slug: Any, group: Any, order: Any) -> Any:
    return Category(
        slug=slug,
        name={"de": slug.title()},
        policy=PublicationPolicy(),
        group={"de": group},
        order=order,
    )


CATALOGUE = Catalogue(
    version=1,
    region="region-rostock",
    name="Rostock",
    jurisdiction_id="melder-rostock.example",
    categories={
        one.slug: one
        for one in (category("b", "Zwei", 2), category("a", "Eins", 1), category("c", "Zwei", 3))
    },
    bodies={body.slug: body for body in BODIES},
)


@pytest.mark.parametrize(
    ("jurisdiction", "body"),
    [
        ("melder-rostock.example", None),
        ("region-rostock", None),
        ("rostock", "rostock"),
        ("hro", "rostock"),
        ("13003000", "rostock"),
        ("130030000000", "rostock"),
        ("13072", "landkreis-rostock"),
        ("130725253", "amt-carbaek"),
        ("13072019", "broderstorf"),
        ("strom", "strom"),
    ],
)
def test_jurisdictions(jurisdiction: Any, body: Any) -> None:
    assert CATALOGUE.knows_jurisdiction(jurisdiction)
    assert CATALOGUE.body_of_jurisdiction(jurisdiction) == body


@pytest.mark.parametrize("jurisdiction", ["boston.gov", "", "13", "www.melder-rostock.example"])
def test_unknown_jurisdictions(jurisdiction: Any) -> None:
    assert not CATALOGUE.knows_jurisdiction(jurisdiction)


def test_groups_keep_the_order_of_the_region_file() -> None:
    assert {group: [one.slug for one in found] for group, found in CATALOGUE.grouped().items()} == {
        "Eins": ["a"],
        "Zwei": ["b", "c"],
    }


@pytest.mark.parametrize(
    ("language", "said"), [("en", "lamp"), ("en-GB", "lamp"), ("tr", "Laterne"), ("de", "Laterne")]
)
def test_german_stands_in_for_missing_languages(language: Any, said: Any) -> None:
    assert in_language({"de": "Laterne", "en": "lamp"}, language) == said


def test_a_removed_category_keeps_its_slug_as_name() -> None:
    assert CATALOGUE.category_name("gone") == "gone"
