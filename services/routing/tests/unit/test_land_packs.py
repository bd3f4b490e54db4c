"""Land packs: what a rule of a whole Land becomes in a region, and that no Land is in the code."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from melder_routing.domain.region_findings import RegionRefused
from melder_routing.domain.working_days import add_working_days
from melder_routing.store.region_file import RegionFile, read_pack, read_region_file

PACKS = Path(__file__).parents[4] / "infra/packs"
SOURCE = Path(__file__).parents[2] / "src/melder_routing"

REGION = """\
version: 1
region:
  slug: klein
  name: Kleinregion
  jurisdiction_id: klein.example
  contact: Rathaus
  emergency: Notruf 112
  outline: [{{boundaries: orte}}]
  clearing: {{queue: korb, body: kreis, deputy: amt}}
packs: [{pack}]
boundaries:
  - {{id: orte, file: o.geojson, version: o-1, layer: gemeinde, attribution: wir}}
bodies:
  - {{slug: kreis, name: Kreis, kind: kreis, ars: "{land}072"}}
  - {{slug: amt, name: Amt, kind: verband, ars: "{land}0725253", parent: kreis}}
  - {{slug: dorf, name: Dorf, kind: gemeinde, ars: "{land}0725253019", parent: amt, population: 900}}
  - {{slug: stadt, name: Stadt, kind: gemeinde, ars: "{land}0720088088", parent: kreis, population: 30000}}
  - {{slug: grossstadt, name: Großstadt, kind: gemeinde, ars: "{land}003", population: 200000}}
  - {{slug: fremd, name: Kreis eines anderen Landes, kind: kreis, ars: "99072"}}
groups: {{strasse: Straße, abfall: Abfall, rest: Rest}}
categories:
  - {{slug: road-pothole, name: Schlagloch, group: strasse}}
  - {{slug: road-pavement, name: Gehweg, group: strasse}}
  - {{slug: road-winter, name: Glätte, group: strasse}}
  - {{slug: water-pollution, name: Gewässer, group: rest}}
  - {{slug: private-ground, name: Ruine, group: rest}}
queues:
  - {{slug: korb, name: Korb, serves: [kreis, amt, stadt, grossstadt, fremd]}}
"""


def region_of(tmp_path: Path, pack: str, land: str, *, packs: str = "") -> RegionFile:
    file = tmp_path / "region.yaml"
    file.write_text(REGION.format(pack=packs or PACKS / pack, land=land), "utf-8")
    return read_region_file(file)


def having(file: RegionFile, **wanted: object) -> set[str]:
    """The bodies with a duty that has these values."""
    return {
        entry.body
        for entry in file.region.competences
        if all(getattr(entry, name) == value for name, value in wanted.items())
    }


@pytest.mark.parametrize(("pack", "land"), [("de-mv", "13"), ("de-sh", "01")])
def test_rules_mean_levels_and_kinds_of_their_land_only(
    tmp_path: Path, pack: str, land: str
) -> None:
    file = region_of(tmp_path, pack, land)
    assert having(file, group="abfall") == {"kreis", "grossstadt"}
    assert having(file, mode="performs_for") == {"amt"}
    autobahn = [e for e in file.region.competences if e.condition.road_class == ("A",)]
    assert [entry.body for entry in autobahn] == ["autobahn-gmbh"]


def test_the_limits_of_the_road_law_differ_by_land(tmp_path: Path) -> None:
    limits = {}
    for pack, land in (("de-mv", "13"), ("de-sh", "01")):
        competences = region_of(tmp_path, pack, land).region.competences
        limits[pack] = {
            entry.condition.population.up_to
            for entry in competences
            if "L" in entry.condition.road_class
            and entry.condition.population
            and entry.condition.population.up_to
        }
    assert limits == {"de-mv": {50000}, "de-sh": {20000}}


def test_a_rule_about_large_towns_makes_no_competence_of_a_small_one(tmp_path: Path) -> None:
    file = region_of(tmp_path, "de-mv", "13")
    through_roads = [e for e in file.region.competences if e.condition.in_town]
    assert {e.body for e in through_roads} == {"kreis", "grossstadt", "strassenbauamt-stralsund"}


def test_holidays_come_from_the_pack(tmp_path: Path) -> None:
    friday = datetime(2024, 3, 7, 12, tzinfo=UTC)  # the day before 8 March, a holiday in MV alone
    ends = {
        land: add_working_days(friday, 1, region_of(tmp_path, pack, land).region.holidays.rules)
        for pack, land in (("de-mv", "13"), ("de-sh", "01"))
    }
    assert ends["13"].date().isoformat() == "2024-03-11"
    assert ends["01"].date().isoformat() == "2024-03-08"


def test_a_region_can_leave_a_rule_out(tmp_path: Path) -> None:
    chosen = f"{{directory: {PACKS / 'de-mv'}, without: [waste]}}"
    file = region_of(tmp_path, "de-mv", "13", packs=chosen)
    assert having(file, group="abfall") == set()


def test_what_a_region_says_of_a_body_counts_instead_of_the_pack(tmp_path: Path) -> None:
    own = "  - {slug: autobahn-gmbh, name: Unsere, kind: state_body, contact: da, participation: notice_only, languages: [de, en]}\n"
    text = REGION.format(pack=PACKS / "de-mv", land="13").replace("groups:", own + "groups:", 1)
    text = text.replace("serves: [kreis", "serves: [autobahn-gmbh, kreis")
    path = tmp_path / "region.yaml"
    path.write_text(text, "utf-8")
    named = [b for b in read_region_file(path).region.bodies if b.slug == "autobahn-gmbh"]
    assert [body.languages for body in named] == [("de", "en")]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "group: abfall\n    because",
            "group: abfal\n    because",
            "de-xx/pack.yaml:13: competences",
        ),
        ("level: kreis", "level: kries", "de-xx/pack.yaml:12: rules.0.level"),
        ('fixed: ["05-01"]', 'fixed: ["02-31"]', "de-xx/pack.yaml:8: holidays.fixed.0"),
        ("id: waste", "id: Waste", "de-xx/pack.yaml:11: rules.0.id"),
    ],
)
def test_a_mistake_in_a_pack_is_named_with_its_own_line(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    directory = tmp_path / "de-xx"
    directory.mkdir()
    (directory / "pack.yaml").write_text(SMALL_PACK.replace(old, new), "utf-8")
    with pytest.raises(RegionRefused) as refused:
        region_of(tmp_path, "", "13", packs="de-xx")
    assert any(line.startswith(said) for line in refused.value.lines), refused.value.lines


SMALL_PACK = """\
version: 1
pack:
  slug: de-xx
  name: Test
  key: "13"
  source: keine
holidays:
  fixed: ["05-01"]

rules:
  - id: waste
    level: kreis
    group: abfall
    because: Abfall {poss} Aufgabe ist
"""


def test_a_missing_pack_and_an_unknown_exception_are_named(tmp_path: Path) -> None:
    with pytest.raises(RegionRefused, match=r"region.yaml:10: packs.0 “nowhere”: has no pack.yaml"):
        region_of(tmp_path, "", "13", packs="nowhere")
    chosen = f"{{directory: {PACKS / 'de-mv'}, without: [wate]}}"
    with pytest.raises(RegionRefused, match="did you mean waste"):
        region_of(tmp_path, "", "13", packs=chosen)


def test_no_land_is_written_into_the_code() -> None:
    """Names, keys and limits of Länder stand in packs alone."""
    telling = ("de-mv", "de-sh", "Mecklenburg", "Schleswig", "80000", "80_000", "50_000", "20_000)")
    said = {
        f"{path.relative_to(SOURCE)}: {word}"
        for path in SOURCE.rglob("*.py")
        for word in telling
        if word in path.read_text(encoding="utf-8")
    }
    assert said == {"domain/region.py: 20_000)"}  # the widest margin around a region, in metres


def test_both_packs_are_whole() -> None:
    for directory in PACKS.iterdir():
        pack = read_pack(directory)
        assert pack.pack.slug == directory.name
        assert {"kreis", "verband", "gemeinde"} <= pack.kinds.keys()
        assert len(pack.holidays.fixed) + len(pack.holidays.after_easter) >= 9
        assert len({rule.id for rule in pack.rules}) == len(pack.rules)
