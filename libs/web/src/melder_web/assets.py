"""Built files under ``/static``: hashed names and their integrity, read from the manifest.

``libs/web/build.py`` writes ``static/build/`` and its ``manifest.json``:
``{"app.css": {"file": "app.1f2e3d4c.css", "integrity": "sha384-…"}, …}``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

STATIC_DIRECTORY = Path(__file__).parent / "static"
BUILD_DIRECTORY = STATIC_DIRECTORY / "build"
STATIC_PATH = "/static"


class AssetsMissing(RuntimeError):
    """The built files are not there, or a template asks for one that is not built."""


@dataclass(frozen=True)
class Asset:
    """One built file: its address on this origin and its Subresource Integrity value."""

    url: str
    integrity: str

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True)
class Assets:
    """All built files by the name under which templates know them."""

    by_name: Mapping[str, Asset]

    @classmethod
    def read(cls, directory: Path = BUILD_DIRECTORY) -> "Assets":
        """The manifest of a build; raises ``AssetsMissing`` with the remedy when there is none."""
        manifest = directory / "manifest.json"
        if not manifest.is_file():
            raise AssetsMissing(
                f"no built styles and scripts at {manifest}: run `make assets` "
                "(or `python libs/web/build.py`)"
            )
        entries = json.loads(manifest.read_text(encoding="utf-8"))
        return cls(
            {
                name: Asset(f"{STATIC_PATH}/{entry['file']}", entry["integrity"])
                for name, entry in entries.items()
            }
        )

    def __getitem__(self, name: str) -> Asset:
        try:
            return self.by_name[name]
        except KeyError:
            known = ", ".join(sorted(self.by_name))
            raise AssetsMissing(f"no built file is called {name!r}; there are: {known}") from None
