"""What pages say can be followed: links lead somewhere, commands exist, lists are whole."""

import json
import re
from pathlib import Path

import pytest
from click import Context
from typer.main import get_command

from melder_operator.main import build_app

ROOT = Path(__file__).parents[2]
NOT_OURS = {"node_modules", ".venv", ".run", ".data", ".pytest_cache"}
PAGES = sorted(page for page in ROOT.rglob("*.md") if not NOT_OURS & set(page.parts))
TARGETS = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def dead_links(page: Path) -> list[str]:
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text())
    ours = [link.split("#")[0] for link in links if not re.match(r"[a-z]+:|#", link)]
    return [link for link in ours if not (page.parent / link).exists()]


def unknown_targets(text: str) -> list[str]:
    """Targets of ``make`` in code, and only there: elsewhere "make" is a word."""
    code = re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL)
    said = [name for piece in code for name in re.findall(r"\bmake ([a-z][a-z0-9-]+)", piece)]
    return [name for name in said if name not in TARGETS]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere_and_make_has_what_is_named(page: Path) -> None:
    assert dead_links(page) == []
    assert unknown_targets(page.read_text()) == []


def strange_pages(text: str) -> list[str]:
    """Pages that code names and that are none of ours: a reader looks for them in vain."""
    ours = [f"/{name_of(page)}" for page in PAGES]
    named = re.findall(r"[\w./-]*\w\.md\b", text)
    return [name for name in named if not any(page.endswith(f"/{name}") for page in ours)]


def test_code_names_only_pages_that_are_here() -> None:
    sources = [
        path
        for place in ("libs", "services", "infra", "tests")
        for path in (ROOT / place).rglob("*.py")
        if not NOT_OURS & set(path.parts) and path != Path(__file__)
    ]
    assert sources
    found = [
        f"{name_of(path)}: {name}" for path in sources for name in strange_pages(path.read_text())
    ]
    assert found == []


def test_the_checks_find_what_is_wrong(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[a](gone.md), [b](page.md#part), [c](https://example.org)")
    assert dead_links(page) == ["gone.md"]
    assert strange_pages("see SECRET.md 4, docs/routing.md, routing.md") == ["SECRET.md"]
    assert unknown_targets("they make streams: `make demo`, `make nothing X=1`") == ["nothing"]


def test_the_index_names_every_page_of_docs() -> None:
    index = (ROOT / "docs/README.md").read_text()
    folders = ("docs/*.md", "docs/*.json", "docs/openapi/*", "docs/operations/*")
    files = [
        path.relative_to(ROOT / "docs").as_posix() for one in folders for path in ROOT.glob(one)
    ]
    assert [file for file in files if file != "README.md" and f"({file})" not in index] == []


def test_every_decision_stands_in_the_list_of_decisions() -> None:
    index = (ROOT / "docs/adr/README.md").read_text()
    decisions = [path.name for path in sorted((ROOT / "docs/adr").glob("0*.md"))]
    assert decisions
    assert [name for name in decisions if f"({name})" not in index] == []


def required_packages() -> set[str]:
    """What requirements/*.in and the front end ask for by name."""
    asked = set(json.loads((ROOT / "libs/web/package.json").read_text())["devDependencies"])
    for file in (ROOT / "requirements").glob("*.in"):
        for line in file.read_text().splitlines():
            if found := re.match(r"[a-zA-Z0-9][\w.-]*", line):
                asked.add(found[0])
    return asked


def test_every_dependency_says_what_it_does_for_us() -> None:
    rows = [
        line.split("|")[1]
        for line in (ROOT / "docs/dependencies.md").read_text().splitlines()
        if line.startswith("| ")
    ]
    told = {word.strip("(),") for row in rows for word in row.split()}
    assert sorted(required_packages() - told) == []


def test_the_operators_page_names_every_command() -> None:
    page = (ROOT / "libs/operator/README.md").read_text()
    program = get_command(build_app())
    names = sorted(program.list_commands(Context(program)))
    assert "apply" in names
    assert [name for name in names if f"`melder {name}" not in page] == []


@pytest.mark.parametrize(
    ("page", "folders"),
    [
        ("libs/common/README.md", ["libs/common/src/melder_common"]),
        (
            "services/routing/README.md",
            [
                f"services/routing/src/melder_routing/{one}"
                for one in ("domain", "store", "use_cases")
            ],
        ),
    ],
    ids=["common", "routing"],
)
def test_the_map_of_a_large_house_shows_every_room(page: str, folders: list[str]) -> None:
    words = set(re.findall(r"\w+", (ROOT / page).read_text()))
    rooms = [path for folder in folders for path in sorted((ROOT / folder).glob("*.py"))]
    assert rooms
    assert [room.name for room in rooms if room.stem not in words and room.stem != "__init__"] == []
