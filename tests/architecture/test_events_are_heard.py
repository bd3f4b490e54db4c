"""Every event has one speaker and exactly the hearers that its docstring names."""

import importlib
from typing import Any

import pytest

from melder_common.asyncapi import SERVICES, hearers_of, speaker_of
from melder_common.events import CATALOGUE, Event


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
    assert heard - promised == set(), f"{service} hears more than events.py says"
    assert promised - heard == set(), f"{service} hears less than events.py says"


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


def test_one_class_for_one_name() -> None:
    def below(parent: type[Event]) -> list[str]:
        return [name for child in parent.__subclasses__() for name in (child.NAME, *below(child))]

    names = below(Event)
    assert sorted(names) == sorted(set(names))
