"""Makes the environment of an image small: takes out what is never imported, compiles what is.

    python trim.py ENVIRONMENT PACKAGE…

Runs in the build stage, with the environment's own Python, on the environment itself.
"""

import argparse
import importlib
import os
import pkgutil
import py_compile
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

TEST_FOLDERS = ("tests", "SelfTest", "sqlalchemy/testing")
"""Suites that packages ship: no test tool belongs into an image."""

SOURCES = (".pyi", ".pyx", ".pxd", ".c", ".h", ".a")
"""For type checkers and compilers only."""

LEFT_OUT = {"pyogrio", "shapely", "numpy"}
"""Comes only with requirements/routing-gdal.txt: the commands about boundary files import it."""

UNUSED_DECODERS = (
    "PIL/_avif*.so",
    "pillow.libs/libavif*",
    "PIL/_imagingft*.so",
    "pillow.libs/libfreetype*",
    "pillow.libs/libharfbuzz*",
)
"""Pillow lends pillow-heif its image class; what else it could decode is weight and risk."""


def main() -> None:
    """Trim, then compile; print what it brought."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("environment", type=Path)
    arguments.add_argument("packages", nargs="+")
    given = arguments.parse_args()
    (site,) = (given.environment / "lib").glob("python3.*/site-packages")
    before = size_of(site)
    remove_tests(site)
    remove_sources(site)
    remove_decoders(site)
    remove_locales(site)
    compiled = compile_imported(site, given.packages)
    print(f"{before >> 20} MB → {size_of(site) >> 20} MB, {compiled} modules compiled")


def size_of(folder: Path) -> int:
    """Bytes of all files below ``folder``."""
    return sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file())


def remove_tests(site: Path) -> None:
    """Test suites that wheels bring along."""
    for name in TEST_FOLDERS:
        for folder in sorted(site.glob(f"**/{name}")):
            if folder.is_dir():
                shutil.rmtree(folder)


def remove_sources(site: Path) -> None:
    """Stubs and C sources."""
    for file in [file for file in site.rglob("*") if file.suffix in SOURCES]:
        file.unlink()


def remove_decoders(site: Path) -> None:
    """Extensions that Pillow does without, with the libraries they alone need."""
    for pattern in UNUSED_DECODERS:
        for file in site.glob(pattern):
            file.unlink()


def remove_locales(site: Path) -> None:
    """Babel's knowledge of languages into which no page is translated; German is always there."""
    languages = {"root", "de"} | {file.stem for file in site.glob("melder_*/locale/*.po")}
    for file in (site / "babel" / "locale-data").glob("*.dat"):
        if file.stem.partition("_")[0] not in languages:
            file.unlink()


def compile_imported(site: Path, packages: Iterable[str]) -> int:
    """Import ``packages`` with all their modules; compile what that brought in, and only that.

    The result does not depend on file times: a read-only image cannot renew it.
    """
    sys.dont_write_bytecode = True
    for package in packages:
        import_all(package)
    files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    ours = sorted(file for file in files if file and file.startswith(str(site)))
    sources = [file for file in ours if file.endswith(".py")]
    for file in sources:
        py_compile.compile(
            file, doraise=True, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
        )
    return len(sources)


def import_all(package: str) -> None:
    """Every module of ``package`` but migrations, which only Alembic can import."""
    found = importlib.import_module(package)
    for module in pkgutil.walk_packages(getattr(found, "__path__", []), package + "."):
        if ".migrations" not in module.name and not module.name.endswith("__main__"):
            import_one(module.name)


def import_one(module: str) -> None:
    """Import ``module``; say so when it belongs to what this image does without."""
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as missing:
        if missing.name not in LEFT_OUT:
            raise
        print(f"{module} needs {missing.name}, which is not in this image")


if __name__ == "__main__":
    os.environ.setdefault("HOME", "/tmp")  # noqa: S108 (of the build stage)
    main()
