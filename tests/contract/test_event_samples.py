"""Every payload that was ever published stays readable, and means the same."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from melder_common.asyncapi import describe_events
from melder_common.clock import utc_now
from melder_common.envelope import open_envelope, seal_envelope
from melder_common.events import CATALOGUE
from melder_common.ids import new_id

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.json"))


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def by_event(path: Path) -> str:
    return path.stem


def test_every_event_has_a_sample() -> None:
    missing = set(CATALOGUE) - {path.stem for path in SAMPLES}
    assert not missing, "run python tests/contract/write_missing_samples.py and look at the result"


def test_no_event_disappeared() -> None:
    gone = {path.stem for path in SAMPLES} - set(CATALOGUE)
    assert not gone, "outboxes still hold these events for 14 days: keep the class, or its reader"


@pytest.mark.parametrize("path", SAMPLES, ids=by_event)
def test_a_sample_is_read_and_written_equally(path: Path) -> None:
    sample = read(path)
    event = CATALOGUE[path.stem].model_validate(sample)
    assert event.model_dump(mode="json", exclude_unset=True) == sample


@pytest.mark.parametrize("path", SAMPLES, ids=by_event)
def test_a_sample_passes_through_the_envelope(path: Path) -> None:
    event = CATALOGUE[path.stem].model_validate(read(path))
    raw = seal_envelope(
        event, event_id=new_id(), aggregate_id=new_id(), report_id=None, partition=1,
        occurred_at=utc_now(), seen={"intake/1": 7}, trace=None,
    )  # fmt: skip
    heard = open_envelope(raw, position=8)
    assert heard.event == event
    assert heard.seen == {"intake/1": 7}


@pytest.mark.parametrize("path", SAMPLES, ids=by_event)
def test_readers_ignore_what_they_do_not_know(path: Path) -> None:
    kind, sample = CATALOGUE[path.stem], read(path)
    assert kind.model_validate({**sample, "added_later": 1}) == kind.model_validate(sample)


@pytest.mark.parametrize("path", SAMPLES, ids=by_event)
def test_optional_fields_may_be_absent(path: Path) -> None:
    kind, sample = CATALOGUE[path.stem], read(path)
    required = {
        name: sample[name] for name, field in kind.model_fields.items() if field.is_required()
    }
    kind.model_validate(required)


@pytest.mark.parametrize("path", SAMPLES, ids=by_event)
def test_the_published_schema_describes_the_sample(path: Path) -> None:
    document = DRAFT202012.create_resource(describe_events())
    registry: Registry[Any] = Registry().with_resource("urn:asyncapi", document)
    schema = {
        "$ref": f"urn:asyncapi#/components/schemas/{CATALOGUE[path.stem].__name__}",
    }
    Draft202012Validator(schema, registry=registry).validate(read(path))
