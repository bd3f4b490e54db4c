from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from melder_notify.domain.links import CONFIRM_WITHIN, Act, LinkExpired, LinkKey, LinkRefused

KEY = LinkKey(b"k" * 32)
CONTACT = UUID("01890000-0000-7000-8000-000000000001")
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.mark.parametrize("act", Act)
def test_a_token_stands_for_its_contact(act: Act) -> None:
    assert KEY.read(act, KEY.issue(act, CONTACT, NOW), NOW) == CONTACT


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("other", Act)
def test_a_token_is_good_for_its_own_act_only(act: Act, other: Act) -> None:
    if act is other:
        return
    with pytest.raises(LinkRefused):
        KEY.read(other, KEY.issue(act, CONTACT, NOW), NOW)


def test_confirming_is_possible_for_seven_days() -> None:
    token = KEY.issue(Act.CONFIRM, CONTACT, NOW)
    assert KEY.read(Act.CONFIRM, token, NOW + CONFIRM_WITHIN) == CONTACT
    with pytest.raises(LinkExpired):
        KEY.read(Act.CONFIRM, token, NOW + CONFIRM_WITHIN + timedelta(seconds=1))


def test_unsubscribing_is_possible_for_ever() -> None:
    token = KEY.issue(Act.UNSUBSCRIBE, CONTACT, NOW)
    assert KEY.read(Act.UNSUBSCRIBE, token, NOW + timedelta(days=4000)) == CONTACT


def test_a_longer_time_cannot_be_written_into_a_token() -> None:
    token = KEY.issue(Act.CONFIRM, CONTACT, NOW)
    later = format(int((NOW + timedelta(days=30)).timestamp()), "x")
    with pytest.raises(LinkRefused):
        KEY.read(Act.CONFIRM, token[:54] + later, NOW)
    with pytest.raises(LinkRefused):
        KEY.read(Act.CONFIRM, token[:54], NOW)


def test_another_key_makes_other_tokens() -> None:
    with pytest.raises(LinkRefused):
        LinkKey(b"x" * 32).read(Act.CONFIRM, KEY.issue(Act.CONFIRM, CONTACT, NOW), NOW)


@given(st.text(max_size=120))
def test_no_made_up_token_is_accepted(token: str) -> None:
    with pytest.raises(LinkRefused):
        KEY.read(Act.CONFIRM, token, NOW)


@given(st.integers(min_value=0, max_value=61), st.characters(codec="ascii"))
def test_no_changed_token_is_accepted(place: int, character: str) -> None:
    token = KEY.issue(Act.CONFIRM, CONTACT, NOW)
    changed = token[:place] + character + token[place + 1 :]
    if changed == token:
        return
    try:
        read = KEY.read(Act.CONFIRM, changed, NOW)
    except LinkRefused:
        return
    assert (place, read) == (21, CONTACT), "only Base64's unused last bits may differ"


def test_the_key_does_not_tell_itself() -> None:
    assert "kkk" not in repr(KEY)
