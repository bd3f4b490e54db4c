"""Tokens belong to one key, one purpose and one thing."""

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from melder_common.settings import SettingsError
from melder_common.tokens import TOKEN_LENGTH, equal, hmac_token, read_key

KEY = bytes(range(32))
texts = st.text(st.characters(codec="utf-8"), max_size=20)


@given(texts, st.lists(texts, max_size=3))
def test_the_same_gives_the_same_url_safe_token(purpose: str, parts: list[str]) -> None:
    token = hmac_token(KEY, purpose, *parts)
    assert token == hmac_token(KEY, purpose, *parts)
    assert len(token) == TOKEN_LENGTH
    assert token.replace("-", "").replace("_", "").isalnum()


@given(st.lists(texts, min_size=1, max_size=4), st.lists(texts, min_size=1, max_size=4))
def test_other_parts_give_another_token(left: list[str], right: list[str]) -> None:
    assume(left != right)
    assert hmac_token(KEY, *left) != hmac_token(KEY, *right)


def test_framing_and_key_matter() -> None:
    assert hmac_token(KEY, "p", "ab", "c") != hmac_token(KEY, "p", "a", "bc")
    assert hmac_token(KEY, "p", "a") != hmac_token(bytes(32), "p", "a")


@given(st.text(), st.text())
def test_equal_is_equality_for_any_text(left: str, right: str) -> None:
    assert equal(left, right) == (left == right)
    assert equal(left, left)


def test_keys_are_hex_of_at_least_32_bytes(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(KEY.hex() + "\n")
    assert read_key(file) == KEY
    for wrong in ("ab" * 31, "not hex", ""):
        file.write_text(wrong)
        with pytest.raises(SettingsError, match=str(file)):
            read_key(file)
