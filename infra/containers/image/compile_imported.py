"""Compiles what a service imports, and only that: its packages and Python's own library.

    python compile_imported.py PACKAGE…

Runs in the final image with its own interpreter, which has no compiled library and could not keep
one in a read-only file system: without this every start would compile hundreds of modules.
"""

import importlib
import pkgutil
import py_compile
import sys
from collections.abc import Iterable

LEFT_OUT = {"pyogrio", "shapely", "numpy"}
"""Comes only with requirements/routing-gdal.txt: the commands about boundary files import it."""

ALWAYS = ("runpy", "urllib.request", "encodings.idna", "multiprocessing.spawn")
"""What health checks, ``python -m`` and lookups of names import."""


def main(packages: Iterable[str]) -> None:
    """Compile and print how much."""
    print(f"{compile_imported([*ALWAYS, *packages])} modules compiled")


def compile_imported(packages: Iterable[str]) -> int:
    """Import ``packages`` with all their modules; compile what that brought in.

    The result does not depend on file times: a read-only image cannot renew it.
    """
    sys.dont_write_bytecode = True
    for package in packages:
        import_all(package)
    files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    sources = sorted(file for file in files - {__file__} if file and file.endswith(".py"))
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
    main(sys.argv[1:])
