"""The events as an AsyncAPI 3 document: ``python -m melder_common.asyncapi > docs/asyncapi.json``.

Everything in it comes from ``melder_common.events``; a test fails when the committed document and
the events differ.
"""

import inspect
import re
import sys
from typing import Any

import orjson
from pydantic.json_schema import models_json_schema

from melder_common.events import CATALOGUE, Event
from melder_common.streams import POSITION

SERVICES = ("intake", "routing", "media", "notify")

_SERVICE = "|".join(SERVICES)
_SPOKEN = re.compile(rf"Spoken by ({_SERVICE})\b")
_HEARD = re.compile(rf"heard by (nobody yet|(?:{_SERVICE})(?:, (?:{_SERVICE}))*)")

_ENVELOPE = {
    "type": "object",
    "description": "The envelope around every event; ``data`` is the event itself.",
    "required": ["event_id", "name", "speaker", "partition", "aggregate_type", "aggregate_id",
                 "occurred_at", "seen", "data"],
    "properties": {
        "event_id": {"type": "string", "format": "uuid", "description": "UUIDv7"},
        "name": {"type": "string", "description": "the event with its version"},
        "speaker": {"enum": list(SERVICES)},
        "partition": {"type": "integer", "minimum": 0, "description": "0: the catalogue"},
        "aggregate_type": {"type": "string"},
        "aggregate_id": {"type": "string", "format": "uuid"},
        "report_id": {"type": ["string", "null"], "format": "uuid"},
        "occurred_at": {"type": "string", "format": "date-time"},
        "seen": {
            "type": "object",
            "description": "the writer's own cursors, by speaker/partition: apply not before them",
            "additionalProperties": {"type": "integer"},
        },
        "trace": {"type": ["string", "null"], "description": "traceparent (W3C Trace Context)"},
        "data": {"type": "object"},
    },
}  # fmt: skip


def speaker_of(event: type[Event]) -> str:
    """The service that the docstring calls the speaker. Raises LookupError."""
    found = _SPOKEN.search(_words(event))
    if found is None:
        raise LookupError(f"the docstring of {event.__name__} must say 'Spoken by <service>'")
    return found[1]


def hearers_of(event: type[Event]) -> frozenset[str]:
    """The services that the docstring calls hearers. Raises LookupError."""
    found = _HEARD.search(_words(event))
    if found is None:
        raise LookupError(
            f"the docstring of {event.__name__} must say 'heard by <service>, …' or 'nobody yet'"
        )
    return frozenset() if found[1] == "nobody yet" else frozenset(found[1].split(", "))


def _words(event: type[Event]) -> str:
    return " ".join((event.__doc__ or "").split())


def describe_events() -> dict[str, Any]:
    """The whole document. Channels are subjects of the speakers' streams."""
    events = list(CATALOGUE.values())
    _, schemas = models_json_schema(
        [(event, "validation") for event in events],
        ref_template="#/components/schemas/{model}",
    )
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "melder events",
            "version": "1",
            "description": "What the services tell each other over NATS JetStream, one stream "
            "per speaker. Readers ignore fields they do not know; a new optional field keeps "
            "the version in the name, anything else is a new event beside the old one.",
            "license": {"name": "EUPL-1.2"},
        },
        "defaultContentType": "application/json",
        "channels": {event.NAME: _channel(event) for event in events},
        "operations": _operations(events),
        "components": {
            "messages": {event.NAME: _message(event) for event in events},
            "schemas": {"Envelope": _ENVELOPE, **schemas["$defs"]},
        },
    }


def _channel(event: type[Event]) -> dict[str, Any]:
    return {
        "address": f"{event.SPEAKER}.{{partition}}.{event.NAME}",
        "parameters": {
            "partition": {"description": "0 for the catalogue, else 1 and up by report"}
        },
        "messages": {event.NAME: {"$ref": f"#/components/messages/{event.NAME}"}},
    }


def _message(event: type[Event]) -> dict[str, Any]:
    return {
        "name": event.NAME,
        "title": event.__name__,
        "description": inspect.cleandoc(event.__doc__ or ""),
        "headers": {
            "type": "object",
            "required": [POSITION],
            "properties": {
                POSITION: {"type": "string", "description": "1, 2, 3 … per speaker and partition"}
            },
        },
        "payload": {
            "allOf": [
                {"$ref": "#/components/schemas/Envelope"},
                {
                    "properties": {
                        "name": {"const": event.NAME},
                        "data": {"$ref": f"#/components/schemas/{event.__name__}"},
                    }
                },
            ]
        },
    }


def _operations(events: list[type[Event]]) -> dict[str, Any]:
    operations = {}
    for event in events:
        channel = {"$ref": f"#/channels/{event.NAME}"}
        operations[f"{event.SPEAKER}.speaks.{event.NAME}"] = {
            "action": "send",
            "channel": channel,
            "tags": [{"name": event.SPEAKER}],
        }
        for hearer in sorted(hearers_of(event)):
            operations[f"{hearer}.hears.{event.NAME}"] = {
                "action": "receive",
                "channel": channel,
                "tags": [{"name": hearer}],
            }
    return operations


def render() -> bytes:
    """The document as it is committed."""
    return orjson.dumps(describe_events(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


if __name__ == "__main__":
    sys.stdout.buffer.write(render())
