"""Every code of the domain has a German word at the desk; filters of addresses are harmless."""

from typing import get_args

import pytest

from melder_common.event_values import ChannelKind
from melder_routing.domain.case_changes import RefusedChange
from melder_routing.domain.decision import Rule
from melder_routing.domain.history import HistoryKind
from melder_routing.domain.states import RefusalCode
from melder_routing.http.desk.access import safe_back
from melder_routing.http.desk.actions import ACTIONS
from melder_routing.http.desk.list_pages import read_position, read_wanted
from melder_routing.http.desk.words import (
    CHANNELS,
    DONE,
    HISTORY,
    REFUSALS,
    RULES,
    history_detail,
)
from melder_routing.store.desk_list import Wanted


def test_every_code_has_a_word() -> None:
    assert set(HISTORY) == set(HistoryKind)
    assert set(RULES) == set(Rule)
    assert set(CHANNELS) == set(get_args(ChannelKind))
    assert set(REFUSALS) == {*get_args(RefusalCode), *get_args(RefusedChange)}
    beside = {"release-photo", "hide-photo", "place", "category", "moved"}
    assert set(DONE) == {*ACTIONS, *beside}


def test_a_line_of_history_says_what_happened() -> None:
    codes = {"from": "accepted", "to": "resolved", "reason": "fixed"}
    assert history_detail("state", codes, {}) == "Angenommen → Erledigt, Mangel behoben"
    timed = history_detail("state", {"from": "?", "by": "timer"}, {})
    assert timed == "? → ?, Frist abgelaufen"


def test_a_move_names_bodies_and_not_their_slugs() -> None:
    codes = {"from": "nord", "to": "gone"}
    assert history_detail("taken_over", codes, {"nord": "Gemeinde Nord"}) == "Gemeinde Nord → gone"


@pytest.mark.parametrize(
    "asked",
    [
        {"view": "../x", "queue": "a'b", "state": "ü", "after": "x"},
        {"after": "1~2026-01-01T00:00:00~00000000-0000-0000-0000-000000000000"},
        {"after": "1~x~y"},
        {"category": "x" * 81},
    ],
)
def test_invented_filters_are_left_out(asked: dict[str, str]) -> None:
    assert read_wanted(asked) == Wanted()


def test_a_position_needs_a_zone() -> None:
    key = "00000000-0000-0000-0000-000000000000"
    position = read_position(f"1~2026-01-01T00:00:00+00:00~{key}")
    assert position is not None
    assert position.hazard


@pytest.mark.parametrize("ours", ["/desk/", "/desk/border", "/desk/cases/K7M4Q2XA"])
def test_pages_of_the_desk_are_a_way_back(ours: str) -> None:
    assert safe_back(ours) == ours


@pytest.mark.parametrize(
    "foreign", ["", "/", "//x", "/desk//x", "/desk/\n", "javascript:x", "/desk"]
)
def test_nothing_else_is_a_way_back(foreign: str) -> None:
    assert safe_back(foreign) == "/desk/"
