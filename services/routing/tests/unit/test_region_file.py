"""Mistakes in a region file: each is named with its line, the value and the remedy."""

from pathlib import Path

import pytest

from melder_routing.domain.open311_entry import ServiceChoice
from melder_routing.domain.region_findings import RegionRefused
from melder_routing.store.region_file import read_region_file

GOOD = """\
version: 1
region:
  slug: klein
  name: Kleinregion
  jurisdiction_id: klein.example
  contact: Rathaus, Telefon 115
  emergency: Notruf 112
  outline:
    - {boundaries: orte}
  clearing: {queue: klaerung, body: kreis, deputy: dorf}
boundaries:
  - id: orte
    file: orte.geojson
    version: orte-2026
    layer: gemeinde
    attribution: selbst gezeichnet
bodies:
  - {slug: kreis, name: Kreis, kind: kreis, ars: "13072"}
  - {slug: dorf, name: Dorf, kind: gemeinde, ars: "130720001001", parent: kreis}
groups:
  strasse: {de: Straße, en: Road}
categories:
  - slug: pothole
    name: {de: Schlagloch, en: Pothole}
    group: strasse
    questions:
      - code: size
        datatype: singlevaluelist
        text: Wie groß?
        choices:
          - {key: big, name: groß}
competences:
  - {body: kreis, group: strasse}
queues:
  - {slug: klaerung, name: Klärung}
  - {slug: kreis, name: Kreis, serves: [kreis]}
  - {slug: dorf, name: Dorf, serves: [dorf]}
clerks:
  - {user: a@klein.example, name: A, body: dorf, queues: [dorf]}
"""

REACHED = (
    'kind: kreis, ars: "13072", participation: open311, '
    'open311: {url: "https://a.example", services: {pothole: P}}'
)

MAILED = 'kind: kreis, ars: "13072", participation: link, case_link: {email: "bau@amt.example"}'

MISTAKES = [
    ("a field is misspelt", "kind: kreis,", "knd: kreis,", 18, "kind", "add it"),
    ("an unknown field", "layer: gemeinde", "layer: gemeinde\n    colour: red", 16, "red", "remove it"),
    ("a key without quotes", '"13072"', "013072", 18, "5690", "quotes"),
    ("a key with letters", '"13072"', '"13O72"', 18, "13O72", "pattern"),
    ("an unknown parent", "parent: kreis", "parent: kries", 19, "kries", "did you mean kreis?"),
    ("an unknown kind", "kind: gemeinde,", "kind: dorf,", 19, "dorf", "values named"),
    ("an unknown clearing body", "body: kreis, deputy", "body: kreiss, deputy", 10, "kreiss", "did you mean"),
    ("a deputy who is the body", "deputy: dorf", "deputy: kreis", 10, "kreis", "name another body"),
    ("an unknown group", "group: strasse\n", "group: wege\n", 25, "wege", "declare it"),
    ("a list without choices", "        choices:\n          - {key: big, name: groß}\n", "", 28, "singlevaluelist", "add choices"),
    ("choices without a list", "singlevaluelist", "text", 28, "text", "remove the choices"),
    ("no German name", "{de: Schlagloch, en: Pothole}", "{en: Pothole}", 24, "German", "add de:"),
    ("a competence for nothing known", "{body: kreis, group: strasse}", "{body: kreis, category: potole}", 33, "potole", "did you mean pothole?"),
    ("category and group at once", "{body: kreis, group: strasse}", "{body: kreis, group: strasse, category: pothole}", 33, "strasse", "keep the category or the group"),
    ("a condition that is misspelt", "{body: kreis, group: strasse}", "{body: kreis, group: strasse, condition: {road_clas: [B]}}", 33, "road_clas", "remove it"),
    ("a road class nobody knows", "{body: kreis, group: strasse}", "{body: kreis, group: strasse, condition: {road_class: [X]}}", 33, "X", "values named"),
    ("a road rule for everything", "{body: kreis, group: strasse}", "{body: kreis, condition: {road_class: [B]}}", 33, "B", "name a category or a group"),
    ("in town without a road", "{body: kreis, group: strasse}", "{body: kreis, group: strasse, condition: {in_town: true}}", 33, "true", "add road_class"),
    ("an Autobahn in town", "{body: kreis, group: strasse}", "{body: kreis, condition: {road_class: [A], in_town: true}}", 33, "Autobahn", "remove in_town"),
    ("inhabitants that nobody told", "{body: kreis, group: strasse}", "{body: kreis, group: strasse, condition: {road_class: [B], population: {above: 5}}}", 33, "1 municipalities", "unstated_population"),
    ("a size that no town has", "{body: kreis, group: strasse}", "{body: kreis, group: strasse, condition: {road_class: [B], population: {above: 9, up_to: 3}}}", 33, "9–3", "swap or correct"),
    ("a size without a number", "{body: kreis, group: strasse}", "{body: kreis, group: strasse, condition: {road_class: [B], population: {}}}", 33, "names no number", "add above:"),
    ("an asset type of no category", "{body: kreis, group: strasse}", "{body: kreis, group: strasse, condition: {asset_type: [lamp]}}", 33, "lamp", "declare it"),
    ("an unknown operator", "{body: kreis, group: strasse}", "{body: kreis, group: strasse, condition: {asset_operator: [kries]}}", 33, "kries", "did you mean kreis?"),
    ("two who are responsible everywhere", "{body: kreis, group: strasse}", "{body: kreis, group: strasse, area: everywhere}\n  - {body: dorf, group: strasse, area: everywhere}", 34, "kreis is responsible everywhere", "give one of them"),
    ("a body that performs for itself", "{body: kreis, group: strasse}", "{body: kreis, mode: performs_for, performs_for: [kreis]}", 33, "kreis", "name other bodies"),
    ("an own area without geometry", "{body: kreis, group: strasse}", "{body: kreis, group: strasse, area: own}", 33, "own", "add own:"),
    ("validity that ends before it begins", "{body: kreis, group: strasse}", "{body: kreis, group: strasse, valid_from: 2026-02-01, valid_to: 2026-01-01}", 33, "2026-01-01", "swap"),
    ("an unknown placeholder", "{body: kreis, group: strasse}", '{body: kreis, group: strasse, because: "es {sein} Amt ist"}', 33, "{sein}", "{poss}"),
    ("performing for nobody", "{body: kreis, group: strasse}", "{body: dorf, mode: performs_for}", 33, "performs_for", "name the bodies"),
    ("a body without a queue", "serves: [dorf]", "serves: []", 19, "dorf", "add it to serves"),
    ("two queues for the same cases", "serves: [dorf]", "serves: [dorf, kreis]", 37, "kreis", "keep one queue"),
    ("a clerk in an unknown queue", "queues: [dorf]", "queues: [dorff]", 39, "dorff", "did you mean dorf?"),
    ("a clerk without an address", "a@klein.example", "anna", 39, "anna", "pattern"),
    ("two bodies of one slug", "slug: dorf, name: Dorf, kind", "slug: kreis, name: Dorf, kind", 19, "kreis", "rename or remove"),
    ("a key that stands twice", "  slug: klein\n", "  slug: klein\n  slug: gross\n", 4, "slug", "stands twice"),
    ("a broken indent", "  name: Kleinregion", " name: Kleinregion", 4, "YAML", "indent"),
    ("a misspelt policy", "    group: strasse\n    questions", "    group: strasse\n    policy: {txt: never}\n    questions", 26, "never", "spelling"),
    ("a margin without sense", "  name: Kleinregion", "  name: Kleinregion\n  margin_m: -5", 5, "-5", "greater than or equal to 0"),
    ("an unknown boundary file", "- {boundaries: orte}", "- {boundaries: ortee}", 9, "ortee", "did you mean orte?"),
    ("nobody to write to", 'kind: kreis, ars: "13072"', 'kind: kreis, ars: "13072", participation: link', 18, "where the links of kreis go", "add case_link"),
    ("a mailbox without participation", 'kind: kreis, ars: "13072"', 'kind: kreis, ars: "13072", case_link: {email: a@b.example}', 18, "means nothing", "participation: link"),
    ("two mailboxes at once", 'kind: kreis, ars: "13072"', MAILED.replace("bau@amt.example", "a@b.example, c@d.example"), 18, "a@b.example, c@d.example", "exactly one"),
    ("a mailbox with a name", 'kind: kreis, ars: "13072"', MAILED.replace("bau@amt.example", "Bauamt <bau@amt.example>"), 18, "is no e-mail address", "office@body.example"),
    ("a mailbox with a header", 'kind: kreis, ars: "13072"', MAILED.replace("bau@amt.example", r"bau@amt.example\nBcc: x@y.example"), 18, "is no e-mail address", "exactly one"),
    ("a mailbox without a domain", 'kind: kreis, ars: "13072"', MAILED.replace("bau@amt.example", "bau@localhost"), 18, "bau@localhost", "office@body.example"),
    ("a mailbox too long", 'kind: kreis, ars: "13072"', MAILED.replace("bau@", "b" * 65 + "@"), 18, "too long", "shorter one"),
    ("an endless pause", 'kind: kreis, ars: "13072"', MAILED.replace("}", ", remind_after: 61}"), 18, "61", "less than or equal to 60"),
    ("a misspelt moment", 'kind: kreis, ars: "13072"', MAILED.replace("}", ", send: sofort}"), 18, "sofort", "at_once"),
    ("named only, without contact", 'kind: gemeinde, ars: "130720001001", parent: kreis', 'kind: gemeinde, ars: "130720001001", participation: notice_only', 19, "notice_only", "add contact"),
    ("nobody knows where", 'kind: kreis, ars: "13072"', 'kind: kreis, ars: "13072", participation: open311', 18, "where kreis takes reports", "add open311"),
    ("an endpoint without participation", 'kind: kreis, ars: "13072"', 'kind: kreis, ars: "13072", open311: {url: "https://a.example", default_service: x}', 18, "means nothing", "participation: open311"),
    ("a key in the address", 'kind: kreis, ars: "13072"', REACHED.replace("https://a.example", "https://a.example?api_key=x"), 18, "more than an address", "key_file"),
    ("an address in the clear", 'kind: kreis, ars: "13072"', REACHED.replace("https", "http"), 18, "in the clear", "https"),
    ("an endpoint that takes nothing", 'kind: kreis, ars: "13072"', REACHED.replace(", services: {pothole: P}", ""), 18, "no case would ever leave", "default_service"),
    ("a category that is not mapped", 'kind: kreis, ars: "13072"', REACHED.replace("pothole", "potole"), 18, "potole", "did you mean pothole?"),
    ("an attribute from nowhere", 'kind: kreis, ars: "13072"', REACHED.replace("pothole: P", "pothole: {code: P, attributes: {A: {}}}"), 18, "no single source", "question or value"),
    ("an attribute from an unknown question", 'kind: kreis, ars: "13072"', REACHED.replace("pothole: P", "pothole: {code: P, attributes: {A: siz}}"), 18, "siz", "did you mean size?"),
    ("a key file elsewhere", 'kind: kreis, ars: "13072"', REACHED.replace("services", "key_file: ../key, services"), 18, "../key", "pattern"),
    ("parents in a circle", 'kind: kreis, ars: "13072"', 'kind: kreis, ars: "13072", parent: dorf', 18, "circle", "break it"),
]  # fmt: skip


def write(directory: Path, text: str) -> Path:
    file = directory / "region.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_body_reached_by_open311(tmp_path: Path) -> None:
    amt = "bodies:\n  - {slug: amt, name: Amt, " + REACHED.replace('"13072"', '"13073"') + "}\n"
    text = GOOD.replace("bodies:\n", amt).replace("serves: [kreis]", "serves: [kreis, amt]")
    entry = read_region_file(write(tmp_path, text)).region.bodies[0].open311
    assert entry is not None
    assert (entry.sends, entry.service_for("pothole"), entry.service_for("x")) == (
        "after_review",
        ServiceChoice(code="P"),
        None,
    )


def test_a_body_reached_by_links(tmp_path: Path) -> None:
    amt = "bodies:\n  - {slug: amt, name: Amt, " + MAILED.replace('"13072"', '"13073"') + "}\n"
    text = GOOD.replace("bodies:\n", amt).replace("serves: [kreis]", "serves: [kreis, amt]")
    entry = read_region_file(write(tmp_path, text)).region.bodies[0].case_link
    assert entry is not None
    assert (entry.email, entry.sends, entry.remind_after) == ("bau@amt.example", "at_once", 3)
    assert entry.their_texts == "public"


def test_what_people_write_is_never_mapped(tmp_path: Path) -> None:
    mapped = REACHED.replace("pothole: P", "pothole: {code: P, attributes: {A: size}}")
    text = GOOD.replace('kind: kreis, ars: "13072"', mapped)
    text = text.replace("singlevaluelist", "text").replace(
        "        choices:\n          - {key: big, name: groß}\n", ""
    )
    with pytest.raises(RegionRefused, match="which nobody has reviewed"):
        read_region_file(write(tmp_path, text))


def test_a_right_file_is_read(tmp_path: Path) -> None:
    region = read_region_file(write(tmp_path, GOOD)).region
    assert [body.slug for body in region.bodies] == ["kreis", "dorf"]
    assert region.categories[0].questions[0].text == {"de": "Wie groß?"}
    assert region.boundary_version == "orte-2026"


@pytest.mark.parametrize(
    ("right", "mistake", "line", "value", "remedy"),
    [pytest.param(*rest, id=name) for name, *rest in MISTAKES],
)
def test_a_mistake_is_named_with_line_value_and_remedy(
    tmp_path: Path, *, right: str, mistake: str, line: int, value: str, remedy: str
) -> None:
    assert GOOD.count(right) >= 1
    file = write(tmp_path, GOOD.replace(right, mistake, 1))
    with pytest.raises(RegionRefused) as refused:
        read_region_file(file)
    named = [text for text in refused.value.lines if text.startswith(f"region.yaml:{line}: ")]
    assert any(value in text and remedy in text for text in named), refused.value.lines


def test_all_mistakes_are_named_at_once_in_their_order(tmp_path: Path) -> None:
    text = GOOD.replace("parent: kreis", "parent: kries").replace("[dorf]}", "[dorff]}")
    with pytest.raises(RegionRefused) as refused:
        read_region_file(write(tmp_path, text))
    lines = [int(text.split(":")[1]) for text in refused.value.lines]
    assert lines == sorted(lines)
    assert len(lines) >= 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xff\xfe\x00", "is not UTF-8"),
        (b"- 1\n- 2\n", "mapping"),
        (b"version: 1\x00\n", "is no YAML"),
        (b"version: 2\n", "should be 1"),
    ],
)
def test_what_is_no_region_at_all_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "region.yaml"
    file.write_bytes(content)
    with pytest.raises(RegionRefused) as refused:
        read_region_file(file)
    assert words in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RegionRefused, match="cannot be read"):
        read_region_file(tmp_path / "nowhere.yaml")
