"""Sealed ids come back, and nothing else opens."""

import string
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from melder_common.sealed_ids import SEALED_LENGTH, open_id, seal_id

KEY, OTHER = b"k" * 32, b"o" * 32
ALPHABET = string.ascii_letters + string.digits + "-_"


@given(st.uuids())
def test_an_id_comes_back_for_its_key_and_purpose_only(object_id: UUID) -> None:
    sealed = seal_id(KEY, "token", object_id)
    assert len(sealed) == SEALED_LENGTH
    assert set(sealed) <= set(ALPHABET)
    assert seal_id(KEY, "token", object_id) == sealed
    assert object_id.hex not in sealed
    assert open_id(KEY, "token", sealed) == object_id
    assert open_id(OTHER, "token", sealed) is None
    assert open_id(KEY, "other", sealed) is None


@given(st.uuids(), st.integers(0, SEALED_LENGTH - 1), st.sampled_from(ALPHABET))
def test_no_other_text_opens(object_id: UUID, place: int, letter: str) -> None:
    sealed = seal_id(KEY, "token", object_id)
    changed = sealed[:place] + letter + sealed[place + 1 :]
    assert changed == sealed or open_id(KEY, "token", changed) is None


@given(st.text(max_size=80) | st.text(min_size=75, max_size=75))
def test_nonsense_is_no_id(text: str) -> None:
    assert open_id(KEY, "token", text) is None
