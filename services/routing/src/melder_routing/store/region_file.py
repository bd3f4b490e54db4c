"""Reading ``region.yaml``: every mistake with its line, the value, and what to do about it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from melder_routing.domain.region import Region
from melder_routing.domain.region_checks import check_region
from melder_routing.domain.region_findings import Finding, RegionRefused
from melder_routing.domain.region_findings import Path as ValuePath

Lines = dict[ValuePath, int]

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


class RegionFile:
    """A parsed region file that remembers on which line each value stands."""

    def __init__(self, path: Path, region: Region, lines: Lines) -> None:
        self.path = path
        self.region = region
        self._lines = lines

    @property
    def directory(self) -> Path:
        """Where its boundary files are looked for."""
        return self.path.parent

    def refuse(self, findings: Iterable[Finding]) -> None:
        """Raise RegionRefused with every finding at its line, in their order; none, no error."""
        _refuse(self.path, self._lines, findings)


def read_region_file(path: Path) -> RegionFile:
    """The region that ``path`` declares. Raises RegionRefused naming every mistake at once."""
    plain, lines = _parse(path)
    try:
        region = Region.model_validate(plain)
    except ValidationError as error:
        _refuse(path, lines, (_finding(problem) for problem in error.errors(include_url=False)))
        raise
    file = RegionFile(path, region, lines)
    file.refuse(check_region(region))
    return file


def _refuse(path: Path, lines: Lines, findings: Iterable[Finding]) -> None:
    located = sorted(((_line(lines, f.path), f) for f in findings), key=lambda pair: pair[0])
    if located:
        raise RegionRefused([_sentence(path, line, finding) for line, finding in located])


def _sentence(path: Path, line: int, finding: Finding) -> str:
    where = ".".join(str(part) for part in finding.path) or "file"
    value = "" if finding.value is None else f" “{_short(finding.value)}”"
    return f"{path.name}:{line}: {where}{value}: {finding.problem}; {finding.remedy}"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _line(lines: Lines, path: ValuePath) -> int:
    for length in range(len(path), -1, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1


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


def _parse(path: Path) -> tuple[Any, Lines]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise RegionRefused(
            [f"{path}: cannot be read ({error.strerror}); name an existing region file"]
        ) from error
    except UnicodeDecodeError as error:
        raise RegionRefused(
            [f"{path.name}: is not UTF-8 at byte {error.start}; save it as UTF-8"]
        ) from error
    reader = _LineReader()
    return reader.read(path, text), reader.lines


class _LineReader:
    """Builds plain values from YAML nodes and notes where each begins."""

    def __init__(self) -> None:
        self.lines: Lines = {}

    def read(self, path: Path, text: str) -> Any:
        try:
            loader = yaml.SafeLoader(text)
            node = loader.get_single_node()
            if node is None:
                raise RegionRefused([f"{path.name}:1: is empty; start from the demo region"])
            return self._value(loader, node, ())
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            line = mark.line + 1 if mark else 1
            raise RegionRefused(
                [f"{path.name}:{line}: is no YAML: {error.problem}; correct the line or its indent"]
            ) from error
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise RegionRefused(
                [f"{path.name}:{line}: is no YAML: a control character; remove it"]
            ) from error

    def _value(self, loader: yaml.SafeLoader, node: yaml.Node, path: ValuePath) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(loader, node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(loader, child, (*path, n)) for n, child in enumerate(node.value)]
        return loader.construct_object(node)

    def _mapping(self, loader: yaml.SafeLoader, node: yaml.MappingNode, path: ValuePath) -> Any:
        own = [key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        for key, _ in node.value:
            if own.count(key.value) > 1:
                raise yaml.MarkedYAMLError(
                    problem=f"“{key.value}” stands twice in one mapping",
                    problem_mark=node.value[_last(node, key.value)][0].start_mark,
                )
        loader.flatten_mapping(node)
        values = {}
        for key, child in node.value:
            name = str(loader.construct_object(key))
            self.lines[(*path, name)] = key.start_mark.line + 1
            values[name] = self._value(loader, child, (*path, name))
        return values


def _last(node: yaml.MappingNode, name: str) -> int:
    return max(n for n, (key, _) in enumerate(node.value) if key.value == name)
