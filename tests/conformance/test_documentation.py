"""The examples of docs/open311.md run, and answer what the page shows."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from melder_local.photos import generate_photo

from .examples import Example, read_examples, shape
from .server import Server, Target

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("system")]

PAGE = Path(__file__).parents[2] / "docs" / "open311.md"
EXAMPLES = read_examples(PAGE.read_text())


def test_the_page_has_examples_for_both_kinds_of_people() -> None:
    assert {example.language for example in EXAMPLES} == {"sh", "python"}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the photo that the page speaks of."""
    directory = tmp_path_factory.mktemp("examples")
    (directory / "schaden.jpg").write_bytes(generate_photo("bench", 3))
    return directory


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_the_example_runs(server: Server, target: Target, here: Path, example: Example) -> None:
    program = ["sh", "-euc"] if example.language == "sh" else [sys.executable, "-c"]
    environment = {
        **os.environ,
        "OPEN311": target.endpoint,
        "OPEN311_KEY": target.api_key,
        "NUMBER": server.shown[0],
    }
    done = subprocess.run(
        [*program, example.code], cwd=here, env=environment, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    if example.answer:
        form, shown = example.answer
        assert shape(form, done.stdout) == shape(form, shown)
