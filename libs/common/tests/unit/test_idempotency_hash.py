"""The hash of a request's content sees meaning, not spelling."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from melder_common.event_values import CaseState
from melder_common.idempotency import KeyRefused, check_key, content_hash

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
fields = st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), values, max_size=5)


@given(fields, st.randoms(use_true_random=False))
def test_order_does_not_matter(given_fields: dict[str, Any], rng: Any) -> None:
    names = list(given_fields)
    rng.shuffle(names)
    assert content_hash({name: given_fields[name] for name in names}) == content_hash(given_fields)


@given(fields)
def test_a_further_field_matters_unless_it_is_none(given_fields: dict[str, Any]) -> None:
    assert content_hash({**given_fields, "extra field": None}) == content_hash(given_fields)
    assert content_hash({**given_fields, "extra field": "x"}) != content_hash(given_fields)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1}, {"a": 1.0}),
        ({"a": (1, 2)}, {"a": [1, 2]}),
        ({"a": "u\u0308"}, {"a": "ü"}),
        ({"a": "x\r\ny"}, {"a": "x\ny"}),
        ({"a": UUID(int=7)}, {"a": str(UUID(int=7))}),
        ({"a": CaseState.ACCEPTED}, {"a": "accepted"}),
    ],
)
def test_the_same_in_other_words(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert content_hash(one) == content_hash(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": "x", "b": "y"}, {"a": "y", "b": "x"}),
        ({"a": [1, 2]}, {"a": [2, 1]}),
        ({"a": True}, {"a": False}),
        ({"a": b"x"}, {"a": b"y"}),
        ({"a": 54.08870001}, {"a": 54.08870002}),
        ({"a": datetime(2026, 1, 1, tzinfo=UTC)}, {"a": datetime(2026, 1, 2, tzinfo=UTC)}),
    ],
)
def test_other_content(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert content_hash(one) != content_hash(other)


def test_unknown_types_are_a_mistake_of_ours() -> None:
    strange: Callable[[], None] = lambda: None  # noqa: E731 (any object will do)
    with pytest.raises(TypeError, match="function"):
        content_hash({"a": strange})


@pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 201, "a\n", "\x00"])
def test_keys_that_cannot_be_kept(key: str) -> None:
    with pytest.raises(KeyRefused):
        check_key(key)
