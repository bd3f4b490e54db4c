"""Answers of foreign servers: read in every spelling, or refused by a name of their own."""

import json

import pytest

from melder_routing.store.open311_answers import (
    Taken,
    UnreadableAnswer,
    read_attributes,
    read_error,
    read_requests,
    read_taken,
    read_updates,
)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<!doctype html><html><body>Wartung</body></html>",
        b"\xff\xfe\x00",
        b"{",
        b"null",
        b'"x"',
        b"[1, 2]",
        b"[[]]",
        b'[{"code": 1, "description": "x"}]',
        b"[]",
        b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("form", ["json", "xml"])
def test_garbage_has_one_name(body: bytes, form: str) -> None:
    with pytest.raises(UnreadableAnswer):
        read_taken(body, form)


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]><service_requests>&a;</service_requests>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><service_requests/>',
        b'<?xml version="1.0" encoding="nonsense"?><service_requests/>',
        b"<service_requests><request></service_requests>",
    ],
)
def test_an_xml_that_wants_more_than_to_be_read(body: bytes) -> None:
    with pytest.raises(UnreadableAnswer):
        read_taken(body, "xml")


@pytest.mark.parametrize(
    ("body", "taken"),
    [
        (b'[{"service_request_id": "4711"}]', Taken("4711", None)),
        (b'[{"service_request_id": 6}]', Taken("6", None)),
        (b'{"service_requests": [{"service_request_id": "a"}]}', Taken("a", None)),
        (b'{"service_request_id": "a"}', Taken("a", None)),
        (b'[{"token": "t", "service_request_id": null}]', Taken(None, "t")),
        (b'[{"service_notice": "danke"}]', Taken(None, None)),
        (b'[{"service_request_id": true}]', Taken(None, None)),
        (b'[{"service_request_id": ["x"]}]', Taken(None, None)),
        (b'[{"service_request_id": "a\\nb"}]', Taken(None, None)),
        (b'[{"update_id": 3}]', Taken("3", None)),
    ],
)
def test_every_spelling_of_an_id(body: bytes, taken: Taken) -> None:
    assert read_taken(body, "json") == taken


def test_updates_come_in_order_and_only_whole_ones() -> None:
    body = b"""[
      {"update_id": "2", "service_request_id": "a", "updated_datetime": "2026-02-01T00:00:00Z"},
      {"update_id": "1", "service_request_id": "a", "updated_datetime": "2026-01-01T01:00:00+01:00",
       "status": "FIXED", "description": "gut"},
      {"update_id": "3", "service_request_id": "a", "updated_datetime": "gestern"},
      {"service_request_id": "a", "updated_datetime": "2026-01-01T01:00:00Z"}]"""
    updates = read_updates(body, "json")
    assert [one.update_id for one in updates] == ["1", "2"]
    assert (updates[0].status, updates[0].text, updates[0].at.isoformat()) == (
        "FIXED",
        "gut",
        "2026-01-01T01:00:00+01:00",
    )


def test_a_status_with_its_notes_is_one_update_whatever_its_date() -> None:
    def read(status: str, notes: str, at: str) -> str:
        body = (
            f'[{{"service_request_id": 1, "status": "{status}", "status_notes": "{notes}", '
            f'"updated_datetime": "{at}"}}]'
        )
        (one,) = read_requests(body.encode(), "json")
        return one.update_id

    first = read("open", "", "2026-01-01T00:00:00Z")
    assert first == read("open", "", "2026-02-01T00:00:00Z")
    assert len({first, read("closed", "", ""), read("open", "bald", "")}) == 3


def test_the_words_of_an_error_in_both_formats() -> None:
    assert read_error(b'[{"code": "403", "description": "Key"}]', "json") == "Key"
    xml = b"<errors><error><code>400</code><description>Wo?</description></error></errors>"
    assert read_error(xml, "xml") == "Wo?"
    assert read_error(b"<html>nginx</html>", "json") == ""


def test_attributes_in_both_formats() -> None:
    assert read_attributes(b'{"attributes": [{"code": "A"}]}', "json") == [{"code": "A"}]
    xml = (
        b"<service_definition><attributes><attribute><code>A</code></attribute></attributes>"
        b"</service_definition>"
    )
    assert read_attributes(xml, "xml") == [{"code": "A"}]
    assert read_attributes(b'{"attributes": null}', "json") == []


@pytest.mark.parametrize("newest_first", [False, True])
def test_within_a_second_the_order_of_the_list_counts(*, newest_first: bool) -> None:
    told = [("z", "accepted", 1), ("y", "in progress", 2), ("b", "closed", 2), ("a", "thanks", 2)]
    records = [
        {
            "update_id": name,
            "service_request_id": "7",
            "status": status,
            "updated_datetime": f"2026-11-27T20:00:0{second}Z",
        }
        for name, status, second in told
    ]
    body = json.dumps(records[::-1] if newest_first else records).encode()
    assert [update.update_id for update in read_updates(body, "json")] == ["z", "y", "b", "a"]
