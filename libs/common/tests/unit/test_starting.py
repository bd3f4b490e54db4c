"""A program's import: no collection meanwhile, collections as ever once it runs."""

import gc
import sys
from pathlib import Path

import pytest

from melder_common.starting import run_program

PROGRAM = """
import gc

seen = ["collecting" if gc.isenabled() else "not collecting"]

def app() -> None:
    seen.append("collecting" if gc.isenabled() else "not collecting")
    seen.append("set aside" if gc.get_freeze_count() else "looked through")
"""


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_nothing_is_collected_while_a_program_is_imported(modules: Path) -> None:
    (modules / "a_program.py").write_text(PROGRAM)
    try:
        run_program("a_program")
    finally:
        gc.unfreeze()
    assert sys.modules["a_program"].seen == ["not collecting", "collecting", "set aside"]


def test_an_import_that_fails_leaves_collections_on(modules: Path) -> None:
    (modules / "a_broken_program.py").write_text("raise LookupError\n")
    with pytest.raises(LookupError):
        run_program("a_broken_program")
    assert gc.isenabled()
