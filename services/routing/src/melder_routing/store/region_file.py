"""Reading ``region.yaml`` and its Land packs: every mistake with line, value and remedy."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from melder_routing.domain.pack import Pack, expand
from melder_routing.domain.region import Region
from melder_routing.domain.region_checks import check_region
from melder_routing.domain.region_findings import Finding, RegionRefused, known
from melder_routing.domain.region_findings import Path as ValuePath
from melder_routing.store.yaml_lines import Lines, read_yaml

PACK = "pack.yaml"

_REMEDIES = {
    "missing": "add it",
    "extra_forbidden": "remove it, or correct its spelling",
    "string_type": "put the whole text into quotes: YAML read something else",
    "literal_error": "use one of the values named",
    "too_short": "add at least one entry",
    "tuple_type": "write it as a list: [ … ]",
    "model_type": "write it as a mapping: key: value",
    "model_attributes_type": "write it as a mapping: key: value",
    "dict_type": "write it as a mapping: key: value",
    "date_from_datetime_parsing": "write the date as 2016-01-31",
    "date_parsing": "write the date as 2016-01-31",
    "date_type": "write the date as 2016-01-31",
    "bool_type": "write true or false",
    "bool_parsing": "write true or false",
    "int_type": "write a whole number",
    "int_parsing": "write a whole number",
    "string_pattern_mismatch": "keep to the pattern named",
}


Shape = TypeVar("Shape", Region, Pack)
Spot = tuple[str, int]
"""Name of a file and a line in it."""


@dataclass(frozen=True, slots=True)
class _Written:
    """A parsed file that remembers on which line each value stands."""

    name: str
    lines: Lines

    def spot(self, path: ValuePath) -> Spot:
        """Where ``path`` stands, or what encloses it."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.name, self.lines[path[:length]]
        return self.name, 1


class RegionFile:
    """A region with what its Land packs bring; it knows where each value was written."""

    def __init__(
        self, path: Path, region: Region, written: _Written, packs: Sequence[tuple[_Written, Pack]]
    ) -> None:
        self.path = path
        self._written = written
        self._packs = [pack for pack, _ in packs]
        self._own_competences = len(region.competences)
        self._own_bodies = len(region.bodies)
        expanded = expand(region, [pack for _, pack in packs])
        self.region = expanded.region
        self._origins = expanded.origins

    @property
    def directory(self) -> Path:
        """Where its boundary files are looked for."""
        return self.path.parent

    def refuse(self, findings: Iterable[Finding]) -> None:
        """Raise RegionRefused with every finding at its line, in their order; none, no error."""
        _refuse(findings, self._spot)

    def _spot(self, path: ValuePath) -> Spot:
        """What a pack brought stands in the pack, the rest in the region file."""
        if path[:1] == ("competences",) and len(path) > 1:
            number = int(path[1]) - self._own_competences
            if number >= 0:
                pack, rule = self._origins[number]
                return self._packs[pack].spot(("rules", rule, *path[2:]))
        if path[:1] == ("bodies",) and len(path) > 1 and int(path[1]) >= self._own_bodies:
            return self._written.spot(("packs",))
        return self._written.spot(path)


def read_region_file(path: Path) -> RegionFile:
    """The region that ``path`` declares. Raises RegionRefused naming every mistake at once."""
    written, region = _read(path, Region)
    packs = [
        _read_pack(path.parent / choice.directory, written, number)
        for number, choice in enumerate(region.packs)
    ]
    file = RegionFile(path, region, written, packs)
    file.refuse([*_unknown_exceptions(region, [pack for _, pack in packs])])
    file.refuse(check_region(file.region))
    return file


def read_pack(directory: Path) -> Pack:
    """A Land pack by its directory. Raises RegionRefused naming every mistake in it."""
    return _read(directory / PACK, Pack)[1]


def _read_pack(directory: Path, written: _Written, number: int) -> tuple[_Written, Pack]:
    if not (directory / PACK).is_file():
        missing = Finding(
            ("packs", number),
            directory.name,
            f"has no {PACK}",
            "name the directory of a Land pack, relative to this file",
        )
        _refuse([missing], written.spot)
    return _read(directory / PACK, Pack)


def _unknown_exceptions(region: Region, packs: Sequence[Pack]) -> Iterator[Finding]:
    """Rules that a region wants to leave out of a pack that has none of that name."""
    for number, (choice, pack) in enumerate(zip(region.packs, packs, strict=True)):
        names = [rule.id for rule in pack.rules]
        for position, name in enumerate(choice.without):
            yield from known(("packs", number, "without", position), name, names, "rule")


def _read(path: Path, shape: type[Shape]) -> tuple[_Written, Shape]:
    plain, lines = read_yaml(path)
    written = _Written(path.name if shape is Region else f"{path.parent.name}/{path.name}", lines)
    try:
        return written, shape.model_validate(plain)
    except ValidationError as error:
        _refuse(map(_finding, error.errors(include_url=False)), written.spot)
        raise


def _refuse(findings: Iterable[Finding], spot: Callable[[ValuePath], Spot]) -> None:
    located = sorted(((spot(f.path), f) for f in findings), key=lambda pair: pair[0])
    if located:
        raise RegionRefused([_sentence(at, finding) for at, finding in located])


def _sentence(at: Spot, finding: Finding) -> str:
    name, line = at
    where = ".".join(str(part) for part in finding.path) or "file"
    value = "" if finding.value is None else f" “{_short(finding.value)}”"
    return f"{name}:{line}: {where}{value}: {finding.problem}; {finding.remedy}"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _finding(problem: Any) -> Finding:
    kind = problem["type"]
    missing = kind == "missing"
    message = problem["msg"].removeprefix("Value error, ")
    problem_text, _, remedy = (
        message.partition(": ") if kind == "value_error" else (message, "", "")
    )
    return Finding(
        tuple(problem["loc"]),
        None if missing or isinstance(problem["input"], dict | list) else problem["input"],
        problem_text[:1].lower() + problem_text[1:],
        remedy or _REMEDIES.get(kind, "correct it as the message says"),
    )
