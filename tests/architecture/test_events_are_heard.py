"""Every event has one speaker and exactly the hearers that its docstring names.

And the newcomer's path is true: README, the story and the events tell one life in one order.
"""

import importlib
import re
from pathlib import Path
from typing import Any

import pytest

from melder_common import events
from melder_common.asyncapi import SERVICES, hearers_of, speaker_of
from melder_common.events import CATALOGUE, LIFE_OF_A_REPORT, Event

ROOT = Path(__file__).parents[2]
CATALOGUE_MODULE = {"catalogue": "routing"}
"""What routing says of the region has a module of its own."""


def subscriptions(service: str) -> dict[type[Event], Any]:
    try:
        bus = importlib.import_module(f"melder_{service}.bus")
    except ModuleNotFoundError as missing:
        pytest.fail(f"melder_{service} has no bus.py to hear with: {missing}")
    return dict(bus.SUBSCRIPTIONS)


@pytest.mark.parametrize("event", CATALOGUE.values(), ids=list(CATALOGUE))
def test_the_docstring_names_the_speaker(event: type[Event]) -> None:
    assert speaker_of(event) == event.SPEAKER
    assert event.SPEAKER in SERVICES
    assert event.SPEAKER not in hearers_of(event), "a service does not hear itself"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_hears_what_the_docstrings_say(service: str) -> None:
    heard = {event.NAME for event in subscriptions(service)}
    promised = {name for name, event in CATALOGUE.items() if service in hearers_of(event)}
    assert heard - promised == set(), f"{service} hears more than the docstrings say"
    assert promised - heard == set(), f"{service} hears less than the docstrings say"


@pytest.mark.parametrize("service", SERVICES)
def test_bus_is_a_table_first(service: str) -> None:
    for event, handler in subscriptions(service).items():
        assert issubclass(event, Event)
        assert callable(handler)


def test_events_are_named_entity_first_version_last() -> None:
    for name, event in CATALOGUE.items():
        entity, happened, version = name.split(".")
        assert entity.replace("_", "").isalpha()
        assert happened.replace("_", "").isalpha()
        assert version.startswith("v")
        assert event.AGGREGATE


def declared() -> list[type[Event]]:
    """Every event class of the package, whether or not the table lists it."""

    def below(parent: type[Event]) -> list[type[Event]]:
        return [one for child in parent.__subclasses__() for one in (child, *below(child))]

    return [event for event in below(Event) if event.__module__.startswith(events.__name__)]


def test_the_table_lists_every_event_once() -> None:
    assert set(declared()) == set(LIFE_OF_A_REPORT)
    assert len(CATALOGUE) == len(LIFE_OF_A_REPORT) == len(set(LIFE_OF_A_REPORT))


@pytest.mark.parametrize("event", CATALOGUE.values(), ids=list(CATALOGUE))
def test_an_event_lies_in_the_module_of_its_speaker(event: type[Event]) -> None:
    module = event.__module__.rpartition(".")[2]
    assert CATALOGUE_MODULE.get(module, module) == event.SPEAKER


@pytest.mark.parametrize(
    ("page", "step"),
    [
        ("README.md", r"^\| \d \|.*"),
        ("README.de.md", r"^\| \d \|.*"),
        ("docs/life-of-a-report.md", r"^\d\. .*"),
    ],
    ids=["README", "twin", "story"],
)
def test_a_page_tells_the_life_in_the_order_of_the_table(page: str, step: str) -> None:
    steps = re.findall(step, (ROOT / page).read_text(), re.MULTILINE)
    assert len(steps) == 9
    told = [f"{name}.v1" for line in steps for name in re.findall(r"`([a-z_]+\.[a-z_]+)`", line)]
    assert told == [name for name in CATALOGUE if name in told]
