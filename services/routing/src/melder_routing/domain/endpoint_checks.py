"""What an endpoint offers against what the region file maps to it: pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from melder_routing.domain.open311_entry import Open311Entry, ServiceChoice

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One thing that was looked at, and whether it is well."""

    well: bool
    text: str


def check_services(entry: Open311Entry, services: Sequence[Record]) -> Iterator[CheckLine]:
    """Whether every mapped service is there, and gives the number at once or by token."""
    offered = {str(one.get("service_code")): one for one in services}
    for code in sorted(mapped_codes(entry)):
        found = offered.get(code)
        if found is None:
            near = ", ".join(sorted(offered)[:8])
            yield CheckLine(False, f"service {code}: is not offered; there are {near} …")
        elif found.get("type") == "blackbox":
            yield CheckLine(
                False, f"service {code}: is a blackbox, so nobody ever hears what becomes of it"
            )
        else:
            yield CheckLine(True, f"service {code}: {found.get('service_name') or 'offered'}")


def check_attributes(
    code: str, choices: Sequence[ServiceChoice], attributes: Sequence[Record]
) -> Iterator[CheckLine]:
    """Whether every required attribute of a service gets a value, and every value has a place."""
    known = {str(one.get("code")): one for one in attributes}
    for choice in choices:
        for name in sorted(choice.attributes.keys() - known.keys()):
            yield CheckLine(False, f"service {code}: has no attribute {name}; remove it")
        for name, one in known.items():
            required = str(one.get("required")).lower() == "true"
            fillable = str(one.get("variable", True)).lower() == "true"
            source = choice.attributes.get(name)
            if required and fillable and source is None:
                yield CheckLine(
                    False,
                    f"service {code}: requires {name} ({one.get('description') or 'unexplained'}); "
                    f"add attributes: {{{name}: {{value: …}}}}",
                )
            elif required and source is not None and source.question is not None:
                yield CheckLine(
                    True,
                    f"service {code}: {name} is required and comes from {source.question}, "
                    "so cases without that answer will be refused",
                )


def mapped_codes(entry: Open311Entry) -> set[str]:
    """All remote services that cases can go to."""
    default = {entry.default_service} if entry.default_service else set()
    return {choice.code for choice in entry.services.values()} | default


def choices_of(entry: Open311Entry, code: str) -> list[ServiceChoice]:
    """The mappings that lead to a remote service."""
    chosen = [choice for choice in entry.services.values() if choice.code == code]
    return chosen if code != entry.default_service else [*chosen, ServiceChoice(code=code)]
