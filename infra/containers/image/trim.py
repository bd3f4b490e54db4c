"""Makes the environment of an image small: takes out what is never imported.

python trim.py ENVIRONMENT
"""

import argparse
import shutil
from pathlib import Path

TEST_FOLDERS = ("tests", "SelfTest", "sqlalchemy/testing")
"""Suites that packages ship: no test tool belongs into an image."""

SOURCES = (".pyi", ".pyx", ".pxd", ".c", ".h", ".a")
"""For type checkers and compilers only."""

UNUSED_DECODERS = (
    "PIL/_avif*.so",
    "pillow.libs/libavif*",
    "PIL/_imagingft*.so",
    "pillow.libs/libfreetype*",
    "pillow.libs/libharfbuzz*",
)
"""Pillow lends pillow-heif its image class; what else it could decode is weight and risk."""


def main() -> None:
    """Trim; print what it brought."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("environment", type=Path)
    given = arguments.parse_args()
    (site,) = (given.environment / "lib").glob("python3.*/site-packages")
    before = size_of(site)
    remove_tests(site)
    remove_sources(site)
    remove_decoders(site)
    remove_locales(site)
    print(f"{before >> 20} MB → {size_of(site) >> 20} MB")


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


if __name__ == "__main__":
    main()
