"""Adding entries to a region file's lists as text, so that comments and order stay."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from melder_routing.domain.joining import JoiningRefused

_TOP = re.compile(r"^[A-Za-z_]+:")
_ITEM = re.compile(r"^(\s*)- ")


def with_entries(text: str, added: Mapping[str, Sequence[str]]) -> str:
    """``text`` with further entries at the end of its top-level lists. Raises JoiningRefused."""
    lines = text.splitlines()
    for name, entries in added.items():
        if entries:
            lines = _with(lines, name, entries)
    return "\n".join(lines) + "\n"


def write_whole(path: Path, text: str) -> None:
    """Replace a file at once: a reader sees the old or the new one."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def _with(lines: list[str], name: str, entries: Sequence[str]) -> list[str]:
    start = next((n for n, line in enumerate(lines) if line.rstrip() == f"{name}:"), None)
    if start is None:
        raise JoiningRefused(
            f"{name}: is no list with one entry a line; write it so, or add the entries by hand"
        )
    after = (n for n in range(start + 1, len(lines)) if _TOP.match(lines[n]))
    end = next(after, len(lines))
    while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    indent = next((m.group(1) for line in lines[start + 1 : end] if (m := _ITEM.match(line))), "  ")
    return [*lines[:end], *(f"{indent}- {entry}" for entry in entries), *lines[end:]]
