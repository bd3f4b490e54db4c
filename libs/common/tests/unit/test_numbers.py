"""Report numbers survive being read out, and typing errors are noticed."""

import random

from hypothesis import assume, given
from hypothesis import strategies as st

from melder_common.numbers import ALPHABET, LENGTH, check_character, new_number, normalise_number

bodies = st.text(ALPHABET, min_size=LENGTH - 1, max_size=LENGTH - 1)


def whole(body: str) -> str:
    return body + check_character(body)


@given(st.randoms(use_true_random=False))
def test_a_new_number_is_canonical(rng: random.Random) -> None:
    number = new_number(rng)
    assert len(number) == LENGTH
    assert normalise_number(number) == number


def test_numbers_differ() -> None:
    assert len({new_number() for _ in range(200)}) == 200


@given(bodies, st.integers(0, LENGTH - 1), st.sampled_from(ALPHABET))
def test_every_single_typing_error_is_noticed(body: str, place: int, wrong: str) -> None:
    number = whole(body)
    assume(number[place] != wrong)
    assert normalise_number(number[:place] + wrong + number[place + 1 :]) is None


@given(bodies, st.integers(0, LENGTH - 2))
def test_swapped_neighbours_are_noticed_but_for_one_pair(body: str, place: int) -> None:
    number = whole(body)
    left, right = number[place], number[place + 1]
    assume(left != right and {left, right} != {ALPHABET[0], ALPHABET[-1]})
    assert normalise_number(number[:place] + right + left + number[place + 2 :]) is None


@given(bodies)
def test_case_look_alikes_spaces_and_hyphens_do_not_matter(body: str) -> None:
    number = whole(body)
    typed = number.lower().replace("0", "o").replace("1", "l")
    assert normalise_number(f" {typed[:4]}-{typed[4:6]} {typed[6:]}\n".strip("\n")) == number
    assert normalise_number(number.replace("1", "I").replace("0", "O")) == number


@given(st.text(max_size=60))
def test_any_text_gives_a_number_or_none(text: str) -> None:
    number = normalise_number(text)
    assert number is None or normalise_number(number) == number


def test_no_number() -> None:
    for text in ("", "K7M4Q2X", "UUUUUUUU", "ı" * 8, "０" * 8, "0" * 5000, "K7M4Q2X\x00"):
        assert normalise_number(text) is None
