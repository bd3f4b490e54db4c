"""The envelope around every event: what travels, and what a hearer gets."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson

from melder_common.events import CATALOGUE, Event

E = TypeVar("E", bound=Event)


MAX_ENVELOPE_BYTES = 1_000_000
"""What one message may weigh; NATS takes 1 MiB with headers (its ``max_payload``)."""


class UnknownEvent(LookupError):
    """An event that this version of the code does not know; hearers skip it."""


class EventTooLarge(ValueError):
    """An event would not fit into one message; refused before it is in the outbox."""


@dataclass(frozen=True, slots=True)
class Heard(Generic[E]):
    """An event as a hearer gets it, with the facts of its envelope.

    ``position`` counts 1, 2, 3 … per speaker and partition; ``seen`` maps "speaker/partition" to
    the writer's own cursor when it wrote the event.
    """

    event: E
    event_id: UUID
    speaker: str
    partition: int
    position: int
    aggregate_id: UUID
    report_id: UUID | None
    occurred_at: datetime
    seen: dict[str, int]
    trace: str | None = None


def seal_envelope(
    event: Event,
    *,
    event_id: UUID,
    aggregate_id: UUID,
    report_id: UUID | None,
    partition: int,
    occurred_at: datetime,
    seen: dict[str, int],
    trace: str | None,
) -> bytes:
    """Serialise ``event`` for the outbox; the relay adds the position as a header."""
    facts: dict[str, Any] = {
        "event_id": str(event_id),
        "name": event.NAME,
        "speaker": event.SPEAKER,
        "partition": partition,
        "aggregate_type": event.AGGREGATE,
        "aggregate_id": str(aggregate_id),
        "report_id": str(report_id) if report_id else None,
        "occurred_at": occurred_at.isoformat(),
        "seen": seen,
        "trace": trace,
        "data": orjson.Fragment(event.model_dump_json()),
    }
    envelope = orjson.dumps(facts)
    if len(envelope) > MAX_ENVELOPE_BYTES:
        msg = f"{event.NAME} of {aggregate_id} has {len(envelope)} bytes: at most 1,000,000 travel"
        raise EventTooLarge(msg)
    return envelope


def open_envelope(raw: bytes, *, position: int) -> Heard[Event]:
    """Read an envelope back. Raises UnknownEvent, or ValidationError for a broken payload."""
    facts = orjson.loads(raw)
    kind = CATALOGUE.get(facts["name"])
    if kind is None:
        raise UnknownEvent(facts["name"])
    return Heard(
        event=kind.model_validate(facts["data"], strict=False),
        event_id=UUID(facts["event_id"]),
        speaker=facts["speaker"],
        partition=facts["partition"],
        position=position,
        aggregate_id=UUID(facts["aggregate_id"]),
        report_id=UUID(facts["report_id"]) if facts.get("report_id") else None,
        occurred_at=datetime.fromisoformat(facts["occurred_at"]),
        seen=facts.get("seen") or {},
        trace=facts.get("trace"),
    )
