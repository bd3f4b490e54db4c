"""A photo's life as a state machine: public only when released, gone for good when erased."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from melder_common.event_values import Box, Rendition
from melder_common.ids import new_id
from melder_media.domain.names import first_name_since
from melder_media.domain.photo import (
    GONE,
    ClaimRefused,
    OriginalAt,
    Photo,
    PhotoState,
    bind,
    forget,
    hide,
    make_ready,
    release,
    start_erasing,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SHOWN = (Rendition(name="full", width=1600, height=1200),)
BOX = Box(x=0.1, y=0.1, width=0.2, height=0.2)


def received(**facts: object) -> Photo:
    return Photo(
        **{"id": new_id(), "state": PhotoState.RECEIVED, "original_at": OriginalAt.STORE, **facts}
    )


def test_a_photo_is_bound_once() -> None:
    report, other = new_id(), new_id()
    bound = bind(received(), report)
    assert bind(bound, report) == bound
    with pytest.raises(ClaimRefused):
        bind(bound, other)
    with pytest.raises(ClaimRefused):
        bind(received(offered_for=other), report)
    for state in GONE:
        with pytest.raises(ClaimRefused):
            bind(received(state=state), report)


def test_a_wish_to_release_waits_for_the_renditions() -> None:
    photo = release(bind(received(), new_id()), now=NOW)
    assert photo.state is PhotoState.RECEIVED
    ready = make_ready(photo, SHOWN, "v1", now=NOW)
    assert (ready.state, ready.released_at, ready.wants_release) == (
        PhotoState.RELEASED,
        NOW,
        False,
    )


def test_hiding_takes_the_wish_back() -> None:
    photo = hide(release(bind(received(), new_id()), now=NOW))
    assert make_ready(photo, SHOWN, "v1", now=NOW).state is PhotoState.READY


STEPS = {
    "release": lambda photo: release(photo, now=NOW),
    "hide": hide,
    "redact": lambda photo: hide(photo, (BOX,)),
    "erase": start_erasing,
    "forget": forget,
}


@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=12))
def test_public_means_released_last_and_nothing_left_to_redact(steps: list[str]) -> None:
    photo = make_ready(bind(received(wrapped_key=b"k"), new_id()), SHOWN, "v1", now=NOW)
    for step in steps:
        photo = STEPS[step](photo)
        if photo.state is PhotoState.RELEASED:
            assert step == "release" or photo.released_at == NOW
    asked = [step for step in steps if step in {"release", "hide", "redact"}]
    is_public = photo.state is PhotoState.RELEASED
    assert is_public == (
        bool(asked) and asked[-1] == "release" and not {"redact", "erase", "forget"} & set(steps)
    )
    if {"erase", "forget"} & set(steps):
        assert photo.state in GONE
        assert photo.wrapped_key is None


def test_names_sort_by_the_time_of_their_ids() -> None:
    now = datetime.now(UTC)
    assert (
        first_name_since(now - timedelta(seconds=1))
        < str(new_id())
        < first_name_since(now + timedelta(seconds=5))
    )
