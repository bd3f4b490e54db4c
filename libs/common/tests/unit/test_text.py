"""Text is storable and showable, and its mask hides what points at people."""

import unicodedata
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from melder_common.text import (
    MASK,
    LongText,
    SafeText,
    TextRefused,
    clean_text,
    mask_personal_data,
)


class Form(BaseModel):
    description: LongText
    name: Annotated[str | None, SafeText(max_length=10, min_length=0)] = None


anything = st.text(
    st.one_of(st.characters(), st.characters(categories=["Cc", "Cf", "Cs", "Cn"])), max_size=60
)


@given(anything)
def test_what_passes_is_normal_storable_and_stays_the_same(raw: str) -> None:
    try:
        text = clean_text(raw, max_length=50, multiline=True)
    except TextRefused:
        return
    assert text == unicodedata.normalize("NFC", text) == text.strip()
    assert "\r" not in text
    assert "\x00" not in text
    assert len(text) <= 50
    text.encode()
    assert clean_text(text, max_length=50, multiline=True) == text


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("a\x00b", "text_control"),
        ("a\x1bb", "text_control"),
        ("a\x85b", "text_control"),
        ("a\x7fb", "text_control"),
        ("a\ufffeb", "text_control"),
        ("a\ud83db", "text_surrogate"),
        ("a" * 51, "text_too_long"),
        ("a" * 1_000_000, "text_too_long"),
    ],
)
def test_refused_with_a_code_and_a_remedy(raw: str, code: str) -> None:
    with pytest.raises(TextRefused, match=r": (use|remove|send) ") as refused:
        clean_text(raw, max_length=50, multiline=True)
    assert refused.value.code == code


@pytest.mark.parametrize("emoji", ["👩🏽‍🚒", "🏴\U000e0067\U000e0062\U000e007f", "❤️", "🇩🇪"])
def test_emoji_survive_whole(emoji: str) -> None:
    assert clean_text(f"Feuer {emoji} hier", max_length=50) == f"Feuer {emoji} hier"


def test_line_ends_become_newlines_and_only_where_lines_are_allowed() -> None:
    assert clean_text("a\r\nb\rc\u2028d\te", max_length=50, multiline=True) == "a\nb\nc\nd\te"
    with pytest.raises(TextRefused) as refused:
        clean_text("Bcc: x\r\ny", max_length=50)
    assert refused.value.code == "text_line_break"


def test_bidi_overrides_disappear() -> None:
    assert clean_text("\u202egpj.exe\u202c \u2066x\u2069", max_length=50) == "gpj.exe x"


def test_decomposed_letters_count_as_one() -> None:
    assert clean_text("u\u0308" * 50, max_length=50) == "ü" * 50


def test_models_refuse_with_our_codes_and_take_no_other_types() -> None:
    assert Form(description=" Ein Loch \r\n tief ").description == "Ein Loch \n tief"
    for given_value, code in [
        ("\x00", "text_control"),
        ("   ", "text_missing"),
        (12, "text_type"),
        (None, "text_type"),
        (["x"], "text_type"),
    ]:
        with pytest.raises(ValidationError) as refused:
            Form.model_validate({"description": given_value})
        assert refused.value.errors()[0]["type"] == code


def test_models_describe_themselves_in_json_schema() -> None:
    described = Form.model_json_schema()["properties"]["description"]
    assert described["type"] == "string"
    assert described["maxLength"] == 4000


@pytest.mark.parametrize(
    ("personal", "kept"),
    [
        ("Mail an erika.muster+x@web-mail.example bitte", "Mail an […] bitte"),
        ("erika (at) muster.example", "[…]"),
        ("Ruf 0381 381-0000 an", "Ruf […] an"),
        ("+49 (381) 3811234!", "[…]!"),
        ("0049 171 1234567", "[…]"),
        ("(0381) 4567890", "[…]"),
        ("0171/1234567.", "[…]."),
        ("Tel.: 4567890 ab 8", "Tel.: […] ab 8"),
        ("Auto HRO-AB 123 parkt", "Auto […] parkt"),
        ("Auto HRO AB 123 parkt", "Auto […] parkt"),
        ("der lro-x 7e", "der […]"),
        ("B-MW 1234E und M:X 1", "[…] und […]"),
    ],
)
def test_personal_data_is_masked(personal: str, kept: str) -> None:
    assert mask_personal_data(personal) == kept


@pytest.mark.parametrize(
    "harmless",
    [
        "Am 01.02.2026 um 08:30 Uhr, Hausnummer 12a",
        "18055 Rostock, Lange Straße 1-3",
        "01067 Dresden",
        "Laterne 0815, Mast 12345678",
        "0,5 m tief und 0.25 m breit bei 54.0887, 12.1405",
        "Auf der B 105 und der A 19 bei Kilometer 7",
        "Ein Blatt DIN A4",
        "seit dem 3. 11. 2026 defekt",
        "Buslinie 25, Haltestelle 3",
        "um 10-12 Uhr",
    ],
)
def test_harmless_text_stays(harmless: str) -> None:
    assert mask_personal_data(harmless) == harmless


@pytest.mark.parametrize(
    "unit", ["a", "a.", "a@", "a@a.", "0 ", "01 ", "A-", "AB C ", "tel ", "(at)", "+49 ", "-", "1."]
)
def test_masking_takes_time_with_the_text_not_with_its_square(unit: str) -> None:
    """With its square, half a million characters would run into the test's time limit."""
    assert mask_personal_data(unit * (500_000 // len(unit)))


@given(st.text(max_size=300))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    once = mask_personal_data(text)
    assert mask_personal_data(once).count("@") <= once.count("@")
    assert MASK not in text or MASK in once
