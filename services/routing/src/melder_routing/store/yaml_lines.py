"""YAML as plain values, with the line on which each of them begins."""

from pathlib import Path
from typing import Any

import yaml

from melder_routing.domain.region_findings import Path as ValuePath
from melder_routing.domain.region_findings import RegionRefused

Lines = dict[ValuePath, int]
"""The line, counted from 1, by the path to a value, as in ("bodies", 3, "parent")."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml reads a region of 16,000 bodies in a tenth of the time."""


def read_yaml(path: Path) -> tuple[Any, Lines]:
    """The values of ``path`` and their lines. Raises RegionRefused for what is no YAML."""
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
            loader = _LOADER(text)
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
