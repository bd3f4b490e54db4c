"""The checkers see what is wrong: each kind of loss and double, planted into a small clean world."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from . import inside
from .history import History, Promise, read_asked, read_promises
from .outside import Seen, judge

PROMISES = [
    Promise("AAAA1111", "probe-x-gggggg", "a@buerger.example", 1),
    Promise("BBBB2222", "probe-x-gggggh", "b@buerger.example", 0),
]
ASKED = {promise.token for promise in PROMISES}


def clean() -> dict[str, Any]:
    return {
        "reports": [
            {
                "service_request_id": one.number,
                "description": f"{one.token}: kaputt",
                "agency_responsible": "Gemeinde Broderstorf",
            }
            for one in PROMISES
        ],
        "mails": [
            {"to": one.email, "headers": {"Message-ID": f"<{one.number}@x>"}} for one in PROMISES
        ],
        "photos": {"photo-1"},
    }


def test_a_clean_world_is_clean() -> None:
    world = clean()
    world["mails"] += copy.deepcopy(world["mails"])  # SMTP is at least once: the same id, again
    assert judge(PROMISES, ASKED, Seen(**world)) == []


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (lambda w: w["reports"].pop(), "lost: BBBB2222"),
        (lambda w: w["reports"][0].update(description="anders"), "changed: AAAA1111"),
        (lambda w: w["reports"][0].update(agency_responsible=None), "unassigned: AAAA1111"),
        (
            lambda w: w["reports"].append({**w["reports"][0], "service_request_id": "CCCC3333"}),
            "doubled: probe-x-gggggg",
        ),
        (
            lambda w: w["reports"].append(
                {**w["reports"][0], "service_request_id": "C", "description": "probe-x-zz: a"}
            ),
            "unasked: probe-x-zz",
        ),
        (lambda w: w["mails"].pop(), "untold: b@buerger.example"),
        (
            lambda w: w["mails"].append({**w["mails"][0], "headers": {"Message-ID": "<2@x>"}}),
            "told twice: a@buerger.example",
        ),
        (lambda w: w["photos"].clear(), "photos lost"),
        (lambda w: w["photos"].add("photo-2"), "photos doubled"),
    ],
)
def test_every_planted_fault_is_found(plant: Callable[[dict[str, Any]], None], found: str) -> None:
    world = clean()
    plant(world)
    wrong = judge(PROMISES, ASKED, Seen(**world))
    assert [line for line in wrong if line.startswith(found)], wrong


def test_a_number_promised_twice_is_found() -> None:
    twice = [PROMISES[0], Promise("AAAA1111", "probe-x-gggggi", "c@buerger.example", 0)]
    assert judge(twice, ASKED, Seen([], [], []))[0] == "number AAAA1111 was promised 2 times"


LOG = {"partition": 1, "head": 9, "published": 9, "known": 9, "waiting": 0, "first": 1, "last": 9}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, []),
        ({"known": 8}, ["intake/1: 8 positions between 1 and 9"]),
        ({"known": 0, "first": None, "last": None}, []),
        ({"head": 10, "published": 10}, ["intake/1: the last position is 9, the head 10"]),
        ({"published": 8}, ["intake/1: published up to 8 of 9"]),
        ({"waiting": 2}, ["intake/1: 2 events wait for a position"]),
    ],
)
def test_holes_in_a_log_are_found(change: dict[str, Any], found: list[str]) -> None:
    assert list(inside._judge_log("intake/1", LOG | change)) == found


def test_history_survives_a_torn_line(tmp_path: Path) -> None:
    with History(tmp_path / "history.jsonl") as history:
        for promise in PROMISES:
            history.ask(promise.token, promise.email, promise.photos)
            history.promise(promise)
    with history.file.open("a") as torn:
        torn.write('{"kind": "promised", "num')
    assert read_promises(history.file) == PROMISES
    assert read_asked(history.file) == ASKED
