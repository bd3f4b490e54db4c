"""Steps 1 to 3 of a decision, each with its counter-cases: asset, agreement, road."""

from dataclasses import replace
from datetime import date

import pytest

from melder_common.event_values import CategoryRef, PublicationPolicy
from melder_routing.domain.areas import Area, Surroundings
from melder_routing.domain.condition import Condition
from melder_routing.domain.decide import Question, decide
from melder_routing.domain.decision import Decision, Rule, Status
from melder_routing.domain.rulebook import (
    Agreement,
    Body,
    Category,
    Clearing,
    Competence,
    CompetenceArea,
    Mode,
    QueueRule,
    Rulebook,
)
from melder_routing.domain.site import Asset, Road

DAY = date(2026, 6, 1)


def body(slug: str, kind: str = "gemeinde", article: str = "die", **more: object) -> Body:
    return Body(slug, slug.title(), slug.title(), article, kind, **more)  # type: ignore[arg-type]  # the tests' own keywords


def category(slug: str, group: str, *asset_types: str) -> Category:
    ref = CategoryRef(slug=slug, name={"de": slug.title()})
    return Category(slug, ref, group, PublicationPolicy(), asset_types=frozenset(asset_types))


POTHOLE = category("pothole", "road")
FOOTWAY = category("footway", "road")
RUBBISH = category("rubbish", "waste")
LAMP = category("lamp", "light", "lamp")

BODIES = (
    body("kreis", "kreis", "der"),
    body("dorf", population=900),
    body("nachbar", population=1200),
    body("stadt", population=200_000),
    body("land", "road_authority", "das"),
    body("autobahn", "state_body"),
    body("werke", "utility"),
)


def rule(number: str, slug: str, named: str | None = None, **more: object) -> Competence:
    values = {"mode": Mode.RESPONSIBLE, "area": CompetenceArea.JURISDICTION, **more}
    return Competence(number, slug, category=named, **values)  # type: ignore[arg-type]  # the tests' own keywords


def on(*classes: str, **more: object) -> Condition:
    return Condition(road_classes=frozenset(classes), **more)  # type: ignore[arg-type]  # the tests' own keywords


EVERYWHERE = CompetenceArea.EVERYWHERE
ROAD_RULES = (
    rule("a", "autobahn", area=EVERYWHERE, condition=on("A")),
    rule("b-out", "land", "pothole", area=EVERYWHERE, condition=on("B", in_town=False)),
    rule("b-small", "land", "pothole", area=EVERYWHERE, condition=on("B", in_town=True, up_to=80)),
    rule("b-large", "stadt", "pothole", condition=on("B", in_town=True, above=80)),
    rule("k", "kreis", "pothole", condition=on("K")),
    rule("foot-out", "land", "footway", area=EVERYWHERE, condition=on("B", in_town=False)),
    rule("waste", "kreis", group="waste"),
)

RULES = Rulebook(
    version=1,
    region="Testregion",
    boundary_version="v1",
    clearing=Clearing("klaerung", "kreis", "stadt"),
    bodies={one.slug: one for one in BODIES},
    categories={one.slug: one for one in (POTHOLE, FOOTWAY, RUBBISH, LAMP)},
    competences=ROAD_RULES,
    queues=tuple(QueueRule(one.slug, one.slug) for one in BODIES),
)

KREIS = Area("kreis", "kreis", "Kreis", "13072", 3000.0, True, 0.0, "v1")
DORF = Area("dorf", "gemeinde", "Dorf", "130720001001", 30.0, True, 0.0, "v1")
NACHBAR = Area("nachbar", "gemeinde", "Nachbar", "130720002002", 20.0, False, 10.0, "v1")
STADT = Area("stadt", "gemeinde", "Stadt", "130030000000", 180.0, True, 0.0, "v1")
FEDERAL = Road("B", in_town=False, distance_m=4.0, name="B 103")


def ask(
    of: Category | None = POTHOLE,
    *areas: Area,
    rules: Rulebook = RULES,
    **here: object,
) -> Decision:
    around = Surroundings(
        received=True,
        excluded=False,
        in_waters=False,
        areas=areas or (KREIS, DORF),
        **here,  # type: ignore[arg-type]  # the tests' own keywords
    )
    return decide(Question(DAY, of), around, rules)


def who(decision: Decision) -> tuple[str | None, Rule]:
    return (decision.responsible.slug if decision.responsible else None, decision.rule)


def test_the_carriageway_of_a_federal_road_belongs_to_its_authority() -> None:
    found = ask(roads=(FEDERAL,))
    assert who(found) == ("land", Rule.ROAD)
    assert [one.slug for one in found.also_matched] == ["dorf", "kreis"]
    assert (
        "hier eine Bundesstraße (B 103) außerhalb der Ortsdurchfahrten verläuft"
        in (found.reason["de"])
    )
    assert "a federal road (B 103)" in found.reason["en"]


@pytest.mark.parametrize("of", [RUBBISH, LAMP, None], ids=["rubbish", "a lamp", "anything"])
def test_what_only_lies_beside_the_road_is_not_the_road(of: Category | None) -> None:
    assert ask(of, roads=(FEDERAL,)).rule is not Rule.ROAD


@pytest.mark.parametrize(
    ("of", "in_town", "expected"),
    [
        (FOOTWAY, True, ("dorf", Rule.DEFAULT)),
        (FOOTWAY, False, ("land", Rule.ROAD)),
        (POTHOLE, True, ("land", Rule.ROAD)),
    ],
    ids=["footway in town", "footway outside", "carriageway in a small town"],
)
def test_in_through_roads_footways_are_the_municipality_s(
    of: Category, *, in_town: bool, expected: tuple[str, Rule]
) -> None:
    small = replace(RULES, competences=tuple(_with_limit(one, 80_000) for one in ROAD_RULES))
    assert who(ask(of, roads=(replace(FEDERAL, in_town=in_town),), rules=small)) == expected


def _with_limit(one: Competence, limit: int) -> Competence:
    condition = one.condition
    above = limit if condition.above is not None else None
    up_to = limit if condition.up_to is not None else None
    return replace(one, condition=replace(condition, above=above, up_to=up_to))


@pytest.mark.parametrize(
    ("inhabitants", "expected"), [(80_000, "land"), (80_001, "stadt")], ids=["not above", "above"]
)
def test_the_limit_of_the_road_law_counts_exactly(inhabitants: int, expected: str) -> None:
    town = {**RULES.bodies, "stadt": replace(RULES.bodies["stadt"], population=inhabitants)}
    rules = replace(
        RULES,
        bodies=town,
        competences=tuple(_with_limit(one, 80_000) for one in ROAD_RULES),
    )
    found = ask(POTHOLE, STADT, roads=(replace(FEDERAL, in_town=True),), rules=rules)
    assert who(found) == (expected, Rule.ROAD)


def test_a_motorway_takes_any_category() -> None:
    motorway = (Road("A", in_town=False, distance_m=9.0, name="A 19"),)
    for of in (POTHOLE, RUBBISH, LAMP, None):
        assert who(ask(of, roads=motorway)) == ("autobahn", Rule.ROAD)


def test_a_road_rule_without_a_category_is_not_followed_but_on_motorways() -> None:
    greedy = replace(
        RULES, competences=(rule("x", "land", area=EVERYWHERE, condition=on("A", "B")),)
    )
    assert ask(roads=(FEDERAL,), rules=greedy).rule is Rule.DEFAULT


def test_the_nearest_road_decides_and_at_a_crossing_the_higher_class() -> None:
    county = Road("K", in_town=False, distance_m=2.0, name="K 12")
    assert who(ask(roads=(FEDERAL, county))) == ("kreis", Rule.ROAD)
    assert who(ask(roads=(county, replace(FEDERAL, distance_m=2.1)))) == ("land", Rule.ROAD)


def test_a_stretch_can_have_an_authority_of_its_own() -> None:
    declared = replace(FEDERAL, in_town=True, authority="dorf")
    assert who(ask(roads=(declared,), rules=_few_limits())) == ("dorf", Rule.ROAD)
    assert who(ask(RUBBISH, roads=(declared,))) == ("kreis", Rule.CATEGORY)


def _few_limits() -> Rulebook:
    return replace(RULES, competences=tuple(_with_limit(one, 80_000) for one in ROAD_RULES))


POST = Asset("L-17", "lamp", "werke", 12.0)


def test_a_named_asset_is_its_operator_s() -> None:
    found = ask(LAMP, asset=POST)
    assert who(found) == ("werke", Rule.ASSET)
    assert "weil sie den gemeldeten Gegenstand mit der Nummer L-17 betreibt" in found.reason["de"]
    assert "number L-17" in found.reason["en"]


@pytest.mark.parametrize(
    ("of", "asset"),
    [
        (RUBBISH, POST),
        (None, POST),
        (LAMP, replace(POST, type="bench")),
        (LAMP, replace(POST, distance_m=251.0)),
        (LAMP, replace(POST, operator="gone")),
        (LAMP, None),
    ],
    ids=["rubbish at it", "no category", "another type", "far away", "no body", "none named"],
)
def test_an_asset_counts_for_what_it_is_only(of: Category | None, asset: Asset | None) -> None:
    assert ask(of, asset=asset).rule is not Rule.ASSET


def test_an_operator_who_works_for_the_municipality_leaves_it_responsible() -> None:
    working = rule("w", "werke", "lamp", mode=Mode.PERFORMS_FOR, area=EVERYWHERE)
    rules = replace(
        RULES, competences=(*ROAD_RULES, replace(working, performs_for=frozenset({"dorf"})))
    )
    found = ask(LAMP, asset=POST, rules=rules)
    assert who(found) == ("dorf", Rule.DEFAULT)
    assert found.working
    assert (found.working.slug, found.queue) == ("werke", "werke")
    elsewhere = ask(
        LAMP, KREIS, replace(NACHBAR, contains=True, distance_m=0.0), asset=POST, rules=rules
    )
    assert who(elsewhere) == ("werke", Rule.ASSET)


def test_a_condition_on_assets_needs_one_that_fits() -> None:
    box = Condition(asset_types=frozenset({"lamp"}), asset_operators=frozenset({"stadt"}))
    rules = replace(RULES, competences=(rule("c", "werke", area=EVERYWHERE, condition=box),))
    assert who(ask(RUBBISH, asset=replace(POST, operator="stadt"), rules=rules))[0] == "werke"
    for asset in (None, POST, replace(POST, type="bin", operator="stadt")):
        assert who(ask(RUBBISH, asset=asset, rules=rules))[0] == "dorf"


STRETCH = Agreement(
    "s", frozenset({"dorf", "nachbar"}), "nachbar", categories=frozenset({"pothole"})
)
AGREED = replace(RULES, agreements=(STRETCH,))
HERE = frozenset({"s"})


def test_an_agreement_shifts_what_one_of_the_two_would_have() -> None:
    found = ask(POTHOLE, KREIS, DORF, NACHBAR, agreements=HERE, rules=AGREED)
    assert who(found) == ("nachbar", Rule.AGREEMENT)
    assert "nach einer Vereinbarung mit der Dorf" in found.reason["de"]
    assert found.also_matched[0].slug == "dorf"
    assert not found.border  # on both sides of this stretch the same body acts


@pytest.mark.parametrize(
    ("of", "here"),
    [(POTHOLE, frozenset()), (LAMP, HERE), (None, HERE)],
    ids=["not on the stretch", "not agreed upon", "no category"],
)
def test_an_agreement_counts_for_its_stretch_and_categories(
    of: Category | None, here: frozenset[str]
) -> None:
    assert who(ask(of, KREIS, DORF, NACHBAR, agreements=here, rules=AGREED))[0] == "dorf"


def test_two_bodies_cannot_agree_about_a_third_one_s_duty() -> None:
    everything = replace(STRETCH, categories=frozenset())
    rules = replace(RULES, agreements=(everything,))
    assert who(ask(RUBBISH, KREIS, DORF, agreements=HERE, rules=rules))[0] == "kreis"
    assert who(ask(POTHOLE, roads=(FEDERAL,), agreements=HERE, rules=rules))[0] == "land"
    assert who(ask(LAMP, asset=POST, agreements=HERE, rules=rules))[0] == "werke"


def test_an_agreement_ends() -> None:
    over = replace(STRETCH, valid_to=date(2026, 5, 31))
    rules = replace(RULES, agreements=(over,))
    assert who(ask(POTHOLE, KREIS, DORF, agreements=HERE, rules=rules))[0] == "dorf"


def test_an_agreement_settles_what_two_sources_claim() -> None:
    twice = replace(NACHBAR, contains=True, distance_m=0.0, depth_m=30.0)
    areas = (KREIS, replace(DORF, depth_m=30.0), twice)
    assert ask(POTHOLE, *areas).status is Status.AMBIGUOUS
    assert who(ask(POTHOLE, *areas, agreements=HERE, rules=AGREED)) == ("nachbar", Rule.AGREEMENT)


def test_who_takes_no_part_is_named_with_its_contact() -> None:
    named = {
        **RULES.bodies,
        "land": replace(
            RULES.bodies["land"], takes_part=False, contact={"de": "Straßenbauamt, Telefon 115."}
        ),
    }
    found = ask(roads=(FEDERAL,), rules=replace(RULES, bodies=named))
    assert (found.status, found.queue) == (Status.UNSERVED, "klaerung")
    assert found.serving
    assert found.serving.slug == "land"
    assert (
        "nimmt an diesem Mängelmelder nicht teil; Sie erreichen sie so: Straßenbauamt"
        in (found.reason["de"])
    )


def test_informed_bodies_get_to_know_only_if_they_take_part() -> None:
    informed = tuple(
        rule(slug, slug, "pothole", mode=Mode.INFORMED, area=EVERYWHERE, condition=on("B"))
        for slug in ("stadt", "land")
    )
    silent = {**RULES.bodies, "land": replace(RULES.bodies["land"], takes_part=False)}
    rules = replace(RULES, bodies=silent, competences=informed)
    assert [one.slug for one in ask(roads=(FEDERAL,), rules=rules).informed] == ["stadt"]
    assert ask(rules=rules).informed == ()
