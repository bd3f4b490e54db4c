"""What is taken out of an image's environment, and what stays."""

import importlib.util
import statistics
import subprocess
import sys
import typing
from pathlib import Path
from types import ModuleType

import pytest

from melder_local.place import CHECKOUT

SCRIPT = CHECKOUT / "infra/containers/image/trim.py"


@pytest.fixture
def trim() -> ModuleType:
    spec = importlib.util.spec_from_file_location("trim", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fill(site: Path, *names: str) -> None:
    for name in names:
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text("")


def left(site: Path) -> set[str]:
    return {str(file.relative_to(site)) for file in site.rglob("*") if file.is_file()}


def test_suites_stubs_and_strange_languages_go(trim: ModuleType, tmp_path: Path) -> None:
    stays = {
        "greenlet/__init__.py",
        "greenlet/testsuite.py",
        "uvloop/loop.so",
        "babel/locale-data/root.dat",
        "babel/locale-data/de_AT.dat",
        "babel/locale-data/uk.dat",
        "melder_web/locale/uk.po",
        "PIL/_imaging.so",
    }
    goes = {
        "greenlet/tests/test_all.py",
        "Crypto/SelfTest/Hash/test.py",
        "sqlalchemy/testing/suite/a.py",
        "uvloop/loop.pyx",
        "pydantic/main.pyi",
        "babel/locale-data/fr.dat",
        "PIL/_avif.cpython.so",
        "pillow.libs/libavif-1.so",
    }
    fill(tmp_path, *stays, *goes)
    trim.remove_tests(tmp_path)
    trim.remove_sources(tmp_path)
    trim.remove_decoders(tmp_path)
    trim.remove_locales(tmp_path)
    assert left(tmp_path) == stays


def test_only_what_is_imported_gets_compiled(tmp_path: Path) -> None:
    site = tmp_path / "lib/python3.11/site-packages"
    fill(site, "seen/__init__.py", "seen/migrations/__init__.py", "unseen/__init__.py")
    (site / "seen/needs_gdal.py").write_text("import pyogrio_\n")
    code = (
        f"import sys; sys.path[:0] = [{str(SCRIPT.parent)!r}, {str(site)!r}]; "
        "import compile_imported as it; it.LEFT_OUT = {'pyogrio_'}; "
        "it.py_compile.compile = lambda file, **_: print('compiled', file); "
        "it.compile_imported(['seen'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "seen.needs_gdal needs pyogrio_, which is not in this image" in done.stdout
    assert f"compiled {site}/seen/__init__.py" in done.stdout
    assert "unseen" not in done.stdout
    assert "compiled " + statistics.__file__ not in done.stdout, (
        "the library only as far as it is used"
    )
    assert "compiled " + typing.__file__ in done.stdout


def test_a_missing_requirement_ends_the_build(tmp_path: Path) -> None:
    fill(tmp_path, "seen/__init__.py")
    (tmp_path / "seen/broken.py").write_text("import forgotten_requirement\n")
    code = (
        f"import sys; sys.path[:0] = [{str(SCRIPT.parent)!r}, {str(tmp_path)!r}]; "
        "import compile_imported as it; it.import_all('seen')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode
    assert "forgotten_requirement" in done.stderr
