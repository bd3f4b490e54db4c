"""``melder apply`` and ``melder boundaries import`` as an operator types them."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner

from melder_common.testing.databases import Databases
from melder_common.testing.postgres import PostgresCluster
from melder_routing.commands import operator

pytestmark = pytest.mark.integration

DEMO = Path(__file__).parents[4] / "infra/demo"
IN_SANITZ = ("explain", "--lat", "54.0766", "--long", "12.3751")


@pytest.fixture
def environment(
    databases: Databases, postgres: PostgresCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The settings of a fresh database; gives its superuser's address."""
    name = asyncio.run(databases.clone("routing"))
    for variable, value in {
        "DATABASE_URL": postgres.url(name, "routing_worker"),
        "DESK_DATABASE_URL": postgres.url(name, "routing_desk"),
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "INTERNAL_TOKEN_FILE": str(tmp_path / "token"),
        "SESSION_KEY_FILE": str(tmp_path / "session"),
        "GRANT_PRIVATE_KEY_FILE": str(tmp_path / "grants"),
        "CASE_LINK_KEY_FILE": str(tmp_path / "links"),
        "SEALING_PUBLIC_DIR": str(tmp_path / "sealing"),
    }.items():
        monkeypatch.setenv(f"ROUTING_{variable}", value)
    return postgres.dsn(name)


def rows(dsn: str, statement: str) -> list[tuple[Any, ...]]:
    async def ask() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(dsn)
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    return asyncio.run(ask())


def count(dsn: str, table: str) -> int:
    return int(rows(dsn, f"SELECT count(*) FROM routing.{table}")[0][0])


def melder(*arguments: str, typed: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(operator, list(arguments), input=typed)
    return result.exit_code, result.output


def test_the_plan_is_shown_and_nothing_happens_without_a_yes(
    environment: str, tmp_path: Path
) -> None:
    passwords = ("--secrets", str(tmp_path / "secrets"), "--generate-passwords")
    region = str(DEMO / "region.yaml")
    code, missing = melder("apply", region, "--yes", "--secrets", str(tmp_path / "secrets"))
    assert code == 1
    assert "use --generate-passwords" in missing
    code, planned = melder("apply", region, "--plan")
    assert code == 0
    assert "category: 25 added" in planned
    code, output = melder("apply", region, *passwords, typed="n\n")
    assert code == 1
    assert "body: 141 added" in output
    assert count(environment, "body") == 0
    assert not (tmp_path / "secrets").exists()
    code, output = melder("apply", region, *passwords, "--yes")
    assert code == 0, output
    assert "Published catalogue version 1." in output
    assert count(environment, "body") == 141
    code, output = melder("apply", region, *passwords, "--yes")
    assert (code, output.strip()) == (0, "The region is applied already; nothing changes.")
    code, output = melder("apply", region, *passwords, "--yes", "--republish")
    assert code == 0
    assert "Published catalogue version 2." in output


def test_a_wrong_file_is_refused_with_its_lines(environment: str, tmp_path: Path) -> None:
    file = tmp_path / "region.yaml"
    content = (DEMO / "region.yaml").read_text(encoding="utf-8")
    file.write_text(content.replace("kind: kreis", "kind: kries", 1), encoding="utf-8")
    code, output = melder("apply", str(file), "--yes")
    assert code == 1
    assert "region.yaml:" in output
    assert "kries" in output
    assert "Traceback" not in output


def test_boundaries_are_checked_then_written_then_known(environment: str) -> None:
    file = str(DEMO / "boundaries/aemter.geojson")
    code, output = melder("boundaries", "import", file, "--dry-run", "--language", "en")
    assert code == 0, output
    assert "aemter.geojson: 13 areas, reference system EPSG:4326" in output
    assert "2 with several parts, 1 with holes" in output
    assert "0 invalid" in output
    assert "Dry run: nothing was written." in output
    assert count(environment, "boundary_area") == count(environment, "boundary_version") == 0
    code, output = melder("boundaries", "import", file)
    assert code == 0, output
    assert "Quelle verband, Ebene verband, Stand aemter, gültig seit jeher" in output
    assert "Übernommen." in output
    assert count(environment, "boundary_area") == 13
    code, output = melder("boundaries", "import", file, "--version", "aemter", "--json")
    report = json.loads(output)
    assert (code, report["known_already"], report["written"]) == (0, True, False)
    assert count(environment, "boundary_area") == 13


def test_a_refused_boundary_file_leaves_nothing_behind(environment: str, tmp_path: Path) -> None:
    code, output = melder(
        "boundaries", "import", str(DEMO / "boundaries/aemter.geojson"), "--key", "RS"
    )
    assert code == 1
    assert "has no property RS; set key and name to some of: ARS" in output
    broken = tmp_path / "kaputt.geojson"
    broken.write_text((DEMO / "boundaries/aemter.geojson").read_text(encoding="utf-8")[:50_000])
    code, output = melder("boundaries", "import", str(broken))
    assert code == 1
    assert "kaputt.geojson cannot be read" in output
    assert "Traceback" not in output
    assert count(environment, "boundary_area") == count(environment, "boundary_version") == 0


def test_a_simulation_writes_a_map_and_nothing_else(environment: str, tmp_path: Path) -> None:
    file = str(DEMO / "boundaries/aemter.geojson")
    drawn = tmp_path / "karte.geojson"
    code, output = melder("simulate", "--boundaries", file, "--map", str(drawn))
    assert code == 0, output
    assert "0 Meldungen nachgestellt" in output
    assert json.loads(drawn.read_text()) == {"type": "FeatureCollection", "features": []}
    assert count(environment, "boundary_area") == 0
    code, output = melder("simulate")
    assert code == 1
    assert "name a draft: --region FILE, --boundaries FILE, or both" in output


def demo_without_gnoien(directory: Path) -> Path:
    """The demo region in which the Amt Gnoien has not joined yet."""
    shutil.copytree(DEMO, directory / "demo")
    (directory / "packs").symlink_to(DEMO.parent / "packs")
    file = directory / "demo/region.yaml"
    gone = ("amt-gnoien", '"130725254', "Amt Gnoien")
    written = file.read_text(encoding="utf-8").splitlines()
    lines = [line for line in written if not any(word in line for word in gone)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def test_an_amt_joins_with_its_gemeinden_in_one_command(environment: str, tmp_path: Path) -> None:
    file = demo_without_gnoien(tmp_path)
    passwords = ("--secrets", str(tmp_path / "secrets"))
    code, output = melder("apply", str(file), *passwords, "--generate-passwords", "--yes")
    assert code == 0, output
    before = count(environment, "body")
    comments = file.read_text(encoding="utf-8").count("#")
    joining = ("body", "add", str(file), "130725254", *passwords, "--yes")
    code, output = melder(*joining, "--clerk", "olga@amt-gnoien.example")
    assert code == 0, output
    assert "amt-gnoien has joined, with 8 bodies." in output
    assert count(environment, "body") == before + 8
    assert (tmp_path / "secrets/clerks/amt-gnoien").exists()
    text = file.read_text(encoding="utf-8")
    assert text.count("#") == comments
    assert '{slug: gnoien, name: "Gemeinde Gnoien", place_name: "Gnoien", kind: gemeinde' in text
    code, output = melder(
        "explain", "--lat", "53.97", "--long", "12.71", "--category", "road-pothole"
    )
    assert "working: Amt Gnoien (amt-gnoien)" in output
    assert "queue: amt-gnoien" in output
    code, output = melder(*joining)
    assert code == 1
    assert "amt-gnoien has the key 130725254 already" in output


def test_a_body_joins_with_a_mailbox_instead_of_a_clerk(environment: str, tmp_path: Path) -> None:
    file = demo_without_gnoien(tmp_path)
    passwords = ("--secrets", str(tmp_path / "secrets"), "--generate-passwords")
    assert melder("apply", str(file), *passwords, "--yes")[0] == 0
    before = file.read_bytes()
    joining = ("body", "add", str(file), "130725254", *passwords[:2], "--yes", "--mailbox")
    code, output = melder(*joining, "bau@amt.example, x@y.example")
    assert code == 1
    assert "exactly one" in output
    assert file.read_bytes() == before
    code, output = melder(*joining, "bau@amt-gnoien.example")
    assert code == 0, output
    assert count(environment, "link_receiver WHERE email = 'bau@amt-gnoien.example'") == 1


def test_a_body_that_cannot_join_leaves_the_file_as_it_was(
    environment: str, tmp_path: Path
) -> None:
    file = demo_without_gnoien(tmp_path)
    before = file.read_bytes()
    for key, said in (
        ("13", "no key of a Kreis"),
        ("130725299", "no boundary file"),
        ("010515163", "no Land pack"),
    ):
        code, output = melder("body", "add", str(file), key, "--yes")
        assert code == 1
        assert said in output
    code, output = melder("body", "add", str(file), "130725254", typed="n\n")
    assert code == 1
    assert file.read_bytes() == before
    assert count(environment, "body") == 0


def test_cases_are_asked_for_again_only_where_something_would_move(
    environment: str, tmp_path: Path
) -> None:
    passwords = ("--secrets", str(tmp_path / "secrets"), "--generate-passwords")
    assert melder("apply", str(DEMO / "region.yaml"), *passwords, "--yes")[0] == 0
    assert melder("reroute") == (0, "No open, unaccepted case would go elsewhere.\n")
    code, output = melder("body", "succeed", "sanitz", "nowhere", "--date", "2026-01-01")
    assert code == 1
    assert "nowhere is no body" in output
    code, output = melder("body", "succeed", "sanitz", "amt-tessin", "--date", "1.1.2026")
    assert (code, "'1.1.2026'" in output, "%Y-%m-%d" in output) == (2, True, True)
    code, output = melder("body", "succeed", "sanitz", "amt-tessin", "--date", "2026-01-01")
    assert code == 0, output
    assert "Cases of sanitz that have passed to amt-tessin: 0." in output
    code, output = melder(*IN_SANITZ)
    assert "responsible: Amt Tessin (amt-tessin)" in output
    code, output = melder("apply", str(DEMO / "region.yaml"), *passwords)
    assert code == 0
    assert "sanitz has ended on 2026-01-01, amt-tessin stands in its place" in output


@pytest.mark.parametrize("again", [False, True])
def test_after_a_succession_the_heirs_own_queue_counts_and_clerks_follow(
    environment: str, tmp_path: Path, *, again: bool
) -> None:
    """Also when the file that still names the old body is applied once more."""
    passwords = ("--secrets", str(tmp_path / "secrets"), "--generate-passwords", "--yes")
    assert melder("apply", str(DEMO / "region.yaml"), *passwords)[0] == 0
    assert melder("body", "succeed", "sanitz", "guestrow", "--date", "2026-01-01")[0] == 0
    if again:
        assert melder("apply", str(DEMO / "region.yaml"), *passwords)[0] == 0
    code, output = melder(*IN_SANITZ)
    assert code == 0
    assert "queue: guestrow" in output
    roles = rows(
        environment,
        "SELECT role.body, role.queue FROM routing.clerk_role AS role"
        " JOIN routing.clerk ON clerk.id = role.clerk_id"
        " WHERE clerk.login = 'karin@sanitz.example' ORDER BY role.queue",
    )
    assert roles == [("guestrow", "guestrow"), ("guestrow", "tessin-sanitz")]
