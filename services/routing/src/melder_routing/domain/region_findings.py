"""What is wrong with a region file: where, which value, and what to do about it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake. ``path`` leads to the value, as in ("bodies", 3, "parent")."""

    path: Path
    value: object
    problem: str
    remedy: str


class RegionRefused(ValueError):
    """A region file that cannot be applied; nothing was changed. ``findings`` are all mistakes."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def known(path: Path, value: str | None, names: Collection[str], what: str) -> Iterator[Finding]:
    """A finding when ``value`` is not among the declared ``names``; nothing for an empty one."""
    if value is None or value in names:
        return
    near = get_close_matches(value, sorted(names), n=1)
    hint = f"did you mean {near[0]}?" if near else f"declare it, or use a declared {what}"
    yield Finding(path, value, f"no such {what}", hint)
