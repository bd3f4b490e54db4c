"""Importing libraries without what they take along if they find it, and services never use."""

import sys
from collections.abc import Iterable
from importlib import import_module

PRETTY = ("pygments", "rich")
"""Coloured tracebacks and pages of help: 4 MB in each service, whose logs are JSON."""


def import_plainly(*names: str, without: Iterable[str] = PRETTY) -> None:
    """Import ``names`` as if the libraries in ``without`` were not installed.

    They are found again afterwards: Typer prints its help with those of ``PRETTY``. What is
    imported already stays as it is.
    """
    hidden = [name for name in without if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # how Python says "not there"
    try:
        for name in names:
            import_module(name)
    finally:
        for name in hidden:
            del sys.modules[name]
