"""The decision as a pure function: steps, ties, borders, snapping, and properties of all of it."""

from dataclasses import replace
from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from melder_common.event_values import BodyRef, CategoryRef, PublicationPolicy
from melder_routing.domain.areas import Area, Surroundings
from melder_routing.domain.borders import tolerance_m
from melder_routing.domain.decide import Question, decide
from melder_routing.domain.decision import Decision, Rule, Status
from melder_routing.domain.rulebook import (
    Body,
    Category,
    Clearing,
    Competence,
    CompetenceArea,
    Mode,
    QueueRule,
    Rulebook,
)

DAY = date(2026, 6, 1)


def body(
    slug: str, kind: str = "gemeinde", parent: str | None = None, article: str = "die"
) -> Body:
    return Body(slug, slug.title(), slug.title(), article, kind, parent)


def category(slug: str, group: str) -> Category:
    ref = CategoryRef(slug=slug, name={"de": slug.title()})
    return Category(slug, ref, group, PublicationPolicy())


POTHOLE, RUBBISH, GLASS = (
    category("pothole", "road"),
    category("rubbish", "waste"),
    category("glass", "waste"),
)

BODIES = {
    one.slug: one
    for one in (
        body("kreis", "kreis", article="der"),
        body("amt", "verband", "kreis", article="das"),
        body("dorf", parent="amt"),
        body("nachbardorf", parent="amt"),
        body("stadt"),
        replace(body("fremdkreis", "kreis", article="der"), takes_part=False),
        body("hafen", "utility"),
        body("verband", "zweckverband", article="der"),
    )
}


def competence(number: str, slug: str, mode: Mode = Mode.RESPONSIBLE, **more: object) -> Competence:
    area = more.pop("area", CompetenceArea.JURISDICTION)
    return Competence(number, slug, mode, area, **more)  # type: ignore[arg-type]  # the tests' own keywords


RULES = Rulebook(
    version=1,
    region="Testregion",
    boundary_version="v1",
    clearing=Clearing("klaerung", "kreis", "stadt"),
    bodies=BODIES,
    categories={one.slug: one for one in (POTHOLE, RUBBISH, GLASS)},
    competences=(
        competence("1", "kreis", group="waste"),
        competence("2", "stadt", group="waste"),
        competence("3", "amt", Mode.PERFORMS_FOR),
    ),
    queues=tuple(QueueRule(slug, slug) for slug in ("kreis", "amt", "stadt", "hafen", "verband")),
)

KREIS = Area("kreis", "kreis", "Kreis", "13072", 3000.0, True, 0.0, "v1")
AMT = Area("amt", "verband", "Amt", "130725253", 300.0, True, 0.0, "v1")
DORF = Area("dorf", "gemeinde", "Dorf", "130725253019", 30.0, True, 0.0, "v1")
NACHBAR = Area("nachbardorf", "gemeinde", "Nachbardorf", "130725253081", 20.0, False, 90.0, "v1")
STADT_KREIS = Area("stadt", "kreis", "Stadt", "13003", 180.0, False, 400.0, "v1")
STADT = Area("stadt", "gemeinde", "Stadt", "130030000000", 180.0, False, 400.0, "v1")

INSIDE = (KREIS, AMT, DORF, NACHBAR, STADT_KREIS, STADT)


def around(*areas: Area, **more: object) -> Surroundings:
    facts = {"received": True, "excluded": False, "in_waters": False, "areas": areas, **more}
    return Surroundings(**facts)  # type: ignore[arg-type]  # the tests' own keywords


def ask(
    *areas: Area, of: Category | None = POTHOLE, rules: Rulebook = RULES, **more: object
) -> Decision:
    accuracy = more.pop("accuracy_m", None)
    question = Question(DAY, of, accuracy)  # type: ignore[arg-type]  # the tests' own keywords
    return decide(question, around(*areas, **more), rules)


def at(area: Area, metres: float) -> Area:
    return replace(area, contains=metres == 0, distance_m=metres)


def who(decision: Decision) -> tuple[str | None, str | None]:
    return (_slug(decision.responsible), _slug(decision.working))


def _slug(one: BodyRef | None) -> str | None:
    return one.slug if one else None


def names(bodies: tuple[BodyRef, ...]) -> list[str]:
    return [one.slug for one in bodies]


def test_the_gemeinde_has_the_duty_and_its_amt_does_the_work() -> None:
    decision = ask(*INSIDE)
    assert who(decision) == ("dorf", "amt")
    assert (decision.rule, decision.queue, decision.municipality) == (Rule.DEFAULT, "amt", "Dorf")


def test_the_more_specific_category_comes_before_the_smaller_area() -> None:
    decision = ask(*INSIDE, of=RUBBISH)
    assert who(decision) == ("kreis", "kreis")
    assert decision.rule is Rule.CATEGORY
    assert names(decision.also_matched) == ["dorf", "amt"]


def test_a_category_comes_before_its_group() -> None:
    glass = competence("4", "amt", category="glass")
    rules = replace(RULES, competences=(*RULES.competences, glass))
    assert who(ask(*INSIDE, of=GLASS, rules=rules)) == ("amt", "amt")
    assert who(ask(*INSIDE, of=RUBBISH, rules=rules)) == ("kreis", "kreis")


def test_a_geometry_of_its_own_comes_before_the_category() -> None:
    harbour = competence("h", "hafen", area=CompetenceArea.OWN, area_m2=1.0)
    rules = replace(RULES, competences=(*RULES.competences, harbour))
    question = Question(DAY, RUBBISH)
    inside = decide(question, around(*INSIDE, rules=frozenset({"h"})), rules)
    outside = decide(question, around(*INSIDE), rules)
    assert who(inside) == ("hafen", "hafen")
    assert who(outside) == ("kreis", "kreis")


def test_a_competence_that_has_ended_does_not_count() -> None:
    over = replace(RULES.competences[0], valid_to=date(2026, 5, 31))
    rules = replace(RULES, competences=(over, *RULES.competences[1:]))
    assert who(ask(*INSIDE, of=RUBBISH, rules=rules)) == ("dorf", "amt")


def test_an_informed_body_hears_but_does_not_decide() -> None:
    told = competence("5", "verband", Mode.INFORMED, area=CompetenceArea.EVERYWHERE)
    rules = replace(RULES, competences=(*RULES.competences, told))
    decision = ask(*INSIDE, rules=rules)
    assert who(decision) == ("dorf", "amt")
    assert names(decision.informed) == ["verband"]


def test_a_named_performer_works_for_others_than_its_children() -> None:
    lights = competence(
        "6",
        "hafen",
        Mode.PERFORMS_FOR,
        area=CompetenceArea.EVERYWHERE,
        category="pothole",
        performs_for=frozenset({"dorf"}),
    )
    rules = replace(RULES, competences=(*RULES.competences, lights))
    assert who(ask(*INSIDE, rules=rules)) == ("dorf", "hafen")
    assert who(ask(*INSIDE, of=RUBBISH, rules=rules)) == ("kreis", "kreis")


@pytest.mark.parametrize(
    ("accuracy", "metres"),
    [(None, 25.0), (0.0, 25.0), (24.9, 25.0), (60.0, 60.0), (100.0, 100.0), (5000.0, 100.0)],
)
def test_the_tolerance_is_25_m_or_the_accuracy_up_to_100(
    accuracy: float | None, metres: float
) -> None:
    assert tolerance_m(accuracy) == metres


@pytest.mark.parametrize(("metres", "border"), [(1, True), (25, True), (25.1, False), (90, False)])
def test_a_neighbour_within_the_tolerance_is_a_candidate(*, metres: float, border: bool) -> None:
    decision = ask(KREIS, AMT, DORF, at(NACHBAR, metres))
    assert who(decision) == ("dorf", "amt")
    assert decision.border is border
    assert names(decision.candidates) == (["nachbardorf"] if border else [])
    assert decision.border_distance_m == metres


def test_the_next_gemeinde_of_the_same_kreis_is_no_border_for_waste() -> None:
    near = (KREIS, AMT, DORF, at(NACHBAR, 5), at(STADT, 20), at(STADT_KREIS, 20))
    decision = ask(*near, of=RUBBISH)
    assert (decision.neighbour and decision.neighbour.slug, decision.border_distance_m) == (
        "stadt",
        20,
    )
    assert names(decision.candidates) == ["stadt"]


def test_a_kreis_whose_gemeinden_are_not_known_is_a_border_too() -> None:
    foreign = Area("fremdkreis", "kreis", "Fremd", "13074", 2000.0, False, 12.0, "v1")
    decision = ask(KREIS, AMT, DORF, foreign)
    assert names(decision.candidates) == ["fremdkreis"]


def test_on_the_line_the_smaller_area_wins_and_the_other_is_candidate() -> None:
    dorf = replace(DORF, depth_m=0.0)
    other = replace(NACHBAR, contains=True, distance_m=0.0, depth_m=0.0)
    decision = ask(KREIS, AMT, dorf, other)
    assert who(decision) == ("nachbardorf", "amt")
    assert decision.border
    assert names(decision.candidates) == ["dorf"]


def test_two_sources_that_overlap_name_nobody() -> None:
    dorf = replace(DORF, depth_m=40.0)
    other = replace(NACHBAR, contains=True, distance_m=0.0, depth_m=12.0)
    decision = ask(KREIS, AMT, dorf, other)
    assert decision.status is Status.AMBIGUOUS
    assert who(decision) == (None, "kreis")
    assert sorted(names(decision.candidates)) == ["dorf", "nachbardorf"]
    assert decision.queue == "klaerung"


def test_nothing_around_goes_to_the_clearing_queue() -> None:
    decision = ask()
    assert (decision.status, decision.rule) == (Status.UNSERVED, Rule.CLEARING)
    assert (who(decision), decision.queue) == ((None, "kreis"), "klaerung")


def test_a_body_that_takes_no_part_is_named_and_gets_nothing() -> None:
    foreign = Area("fremdkreis", "kreis", "Fremd", "13074", 2000.0, True, 0.0, "v1")
    decision = ask(foreign, at(DORF, 10), at(AMT, 10), at(KREIS, 10))
    assert decision.status is Status.UNSERVED
    assert decision.serving
    assert decision.serving.slug == "fremdkreis"
    assert (who(decision), decision.queue) == ((None, "kreis"), "klaerung")
    assert names(decision.candidates) == ["dorf"]


def test_outside_nothing_is_stored_and_the_body_is_named() -> None:
    foreign = Area("fremdkreis", "kreis", "Fremd", "13074", 2000.0, True, 0.0, "v1")
    decision = ask(foreign, received=False)
    assert decision.status is Status.OUTSIDE
    assert decision.serving
    assert decision.serving.slug == "fremdkreis"
    assert (who(decision), decision.queue) == ((None, None), None)


@pytest.mark.parametrize(
    ("metres", "in_waters", "accuracy", "snapped"),
    [
        (20, False, None, True),
        (26, False, None, False),
        (80, False, 90.0, True),
        (101, False, 900.0, False),
        (199, True, None, True),
        (201, True, None, False),
    ],
)
def test_the_nearest_area_counts_within_the_tolerance(
    *,
    metres: float,
    in_waters: bool,
    accuracy: float | None,
    snapped: bool,
) -> None:
    near = tuple(at(area, metres) for area in (KREIS, AMT, DORF))
    decision = ask(*near, in_waters=in_waters, accuracy_m=accuracy)
    assert decision.snapped is snapped
    assert who(decision) == (("dorf", "amt") if snapped else (None, "kreis"))


def test_nothing_snaps_into_an_excluded_area_or_over_a_state_border() -> None:
    near = tuple(at(area, 10) for area in (KREIS, AMT, DORF))
    other_land = Area("fremdkreis", "kreis", "Fremd", "12065", 2000.0, False, 15.0, "v1")
    assert ask(*near, excluded=True).status is Status.UNSERVED
    assert ask(*near, other_land).status is Status.UNSERVED
    assert ask(*near).status is Status.DECIDED


def test_special_areas_have_no_default_duty() -> None:
    zone = Area("verband", "waste", "Zone", None, 1.0, True, 0.0, "v1", general=False)
    assert who(ask(KREIS, AMT, DORF, zone)) == ("dorf", "amt")
    rules = replace(
        RULES, competences=(*RULES.competences, competence("7", "verband", category="rubbish"))
    )
    assert who(ask(KREIS, AMT, DORF, zone, of=RUBBISH, rules=rules)) == ("verband", "verband")


def test_a_decision_is_a_value_that_comes_back_from_storage() -> None:
    decision = ask(KREIS, AMT, DORF, at(NACHBAR, 5))
    assert Decision.from_json(decision.as_json()) == decision


areas = st.builds(
    Area,
    body=st.sampled_from(sorted(BODIES)),
    layer=st.sampled_from(["gemeinde", "verband", "kreis", "zone"]),
    name=st.just("A"),
    ars=st.sampled_from([None, "13", "13072", "130725253", "130725253019", "13003", "12065"]),
    area_m2=st.floats(1, 1e9),
    contains=st.booleans(),
    distance_m=st.floats(0, 2000),
    boundary_version=st.just("v1"),
    depth_m=st.none() | st.floats(0, 500),
    general=st.booleans(),
).map(lambda area: replace(area, distance_m=0.0) if area.contains else area)
questions = st.builds(
    Question,
    day=st.just(DAY),
    category=st.sampled_from([None, POTHOLE, RUBBISH, GLASS]),
    accuracy_m=st.none() | st.floats(0, 1e5),
)


@given(
    question=questions,
    found=st.lists(areas, max_size=8),
    in_waters=st.booleans(),
    excluded=st.booleans(),
    dice=st.randoms(),
)
def test_every_accepted_place_gets_one_body_and_a_queue(
    *,
    question: Question,
    found: list[Area],
    in_waters: bool,
    excluded: bool,
    dice: Random,
) -> None:
    surroundings = around(*found, in_waters=in_waters, excluded=excluded)
    decision = decide(question, surroundings, RULES)
    assert decision.queue is not None
    assert decision.working is not None
    assert (decision.responsible is not None) == (decision.status is Status.DECIDED)
    assert decision.reason["de"].endswith(".")
    assert "None" not in decision.reason["de"] + decision.reason["en"]
    assert decision.responsible not in decision.candidates
    assert not decision.border or decision.candidates
    shuffled = list(found)
    dice.shuffle(shuffled)
    again = decide(question, replace(surroundings, areas=tuple(shuffled)), RULES)
    assert again == decision


@given(questions, st.lists(areas, max_size=8))
def test_outside_has_neither_queue_nor_working_body(question: Question, found: list[Area]) -> None:
    decision = decide(question, around(*found, received=False), RULES)
    assert decision.status is Status.OUTSIDE
    assert (decision.responsible, decision.working, decision.queue) == (None, None, None)


@given(questions, st.lists(areas, max_size=6))
def test_a_larger_accuracy_never_loses_a_candidate(question: Question, found: list[Area]) -> None:
    contained = replace(DORF, depth_m=None)
    precise = decide(replace(question, accuracy_m=None), around(contained, *found), RULES)
    vague = decide(replace(question, accuracy_m=100.0), around(contained, *found), RULES)
    assert set(names(precise.candidates)) <= set(names(vague.candidates))
    assert vague.responsible == precise.responsible
