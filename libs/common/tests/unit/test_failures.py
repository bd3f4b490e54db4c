"""A failure is named by kind and place, never by what it says."""

import pytest

from melder_common.envelope import UnknownEvent, open_envelope
from melder_common.failures import name_failure


def test_the_place_in_our_own_code_is_named() -> None:
    with pytest.raises(UnknownEvent) as caught:
        open_envelope(b'{"name": "anna@example.org"}', position=1)
    named = name_failure(caught.value)
    assert named.startswith("UnknownEvent in open_envelope, envelope.py:")
    assert "anna" not in named


def test_without_a_place_the_kind_stands_alone() -> None:
    assert name_failure(ValueError("anna@example.org")) == "ValueError"
