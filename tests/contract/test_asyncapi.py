"""The committed AsyncAPI document is the one the events give, and it is whole."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from melder_common.asyncapi import SERVICES, describe_events, hearers_of, render
from melder_common.events import CATALOGUE

COMMITTED = Path(__file__).parents[2] / "docs" / "asyncapi.json"


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for inner in node.values():
            yield from references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from references(inner)


def test_the_committed_document_is_up_to_date() -> None:
    assert COMMITTED.read_bytes() == render(), (
        "the events have changed: python -m melder_common.asyncapi > docs/asyncapi.json"
    )


def test_every_reference_leads_somewhere() -> None:
    document = describe_events()
    for reference in set(references(document)):
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        assert found


def test_every_event_has_a_channel_and_its_operations() -> None:
    document = describe_events()
    assert set(document["channels"]) == set(CATALOGUE)
    for name, event in CATALOGUE.items():
        assert document["channels"][name]["address"] == f"{event.SPEAKER}.{{partition}}.{name}"
        sending = [
            key
            for key, operation in document["operations"].items()
            if operation["action"] == "send" and key.endswith(f".speaks.{name}")
        ]
        assert sending == [f"{event.SPEAKER}.speaks.{name}"]
        for service in SERVICES:
            heard = f"{service}.hears.{name}" in document["operations"]
            assert heard == (service in hearers_of(event))
