"""Text that people type: one type that keeps it storable and showable, and one mask."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

_BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_LINE_ENDS = re.compile("\r\n|\r|\u2028|\u2029")
_SINGLE_LINE_BREAKS = re.compile("[\n\t]")


class TextRefused(ValueError):
    """A text that cannot be stored or shown. ``code`` is for machines and translations."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def clean_text(value: str, *, max_length: int, multiline: bool = False) -> str:
    """``value`` in NFC, without surrounding white space, bidi overrides and CR. Emoji survive.

    Raises TextRefused with the code ``text_surrogate``, ``text_control``, ``text_line_break``
    or ``text_too_long``. Lengths count characters (code points) after normalisation.
    """
    if _SURROGATE.search(value):
        raise TextRefused(
            "text_surrogate", "contains half of a character (a lone surrogate): send valid UTF-8"
        )
    if len(value) > 4 * max_length + 100:
        raise _too_long(max_length)
    text = _LINE_ENDS.sub("\n", _BIDI_CONTROLS.sub("", value))
    if found := _FORBIDDEN.search(text):
        raise TextRefused(
            "text_control",
            f"contains the control character U+{ord(found.group()):04X}: remove it",
        )
    text = unicodedata.normalize("NFC", text).strip()
    if not multiline and _SINGLE_LINE_BREAKS.search(text):
        raise TextRefused("text_line_break", "must be a single line: remove the line breaks")
    if len(text) > max_length:
        raise _too_long(max_length)
    return text


def _too_long(max_length: int) -> TextRefused:
    return TextRefused("text_too_long", f"is too long: use at most {max_length} characters")


@dataclass(frozen=True, slots=True)
class SafeText:
    """Annotation for Pydantic and FastAPI: ``Annotated[str, SafeText(max_length=200)]``.

    ``min_length`` 1 (the default) refuses what is empty after stripping with ``text_missing``.
    """

    max_length: int = 4000
    multiline: bool = False
    min_length: int = 1

    def clean(self, value: str) -> str:
        """The text as it may be stored. Raises TextRefused."""
        text = clean_text(value, max_length=self.max_length, multiline=self.multiline)
        if not text and self.min_length:
            raise TextRefused("text_missing", "is empty: write something")
        if len(text) < self.min_length:
            raise TextRefused(
                "text_too_short", f"is too short: write at least {self.min_length} characters"
            )
        return text

    def _validate(self, value: Any) -> str:
        if not isinstance(value, str):
            raise PydanticCustomError("text_type", "is not a text: send a string")
        try:
            return self.clean(value)
        except TextRefused as error:
            raise PydanticCustomError(error.code, "{message}", {"message": str(error)}) from None

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        described = core_schema.str_schema(
            max_length=self.max_length, min_length=self.min_length or None
        )
        return core_schema.no_info_plain_validator_function(
            self._validate,
            json_schema_input_schema=described,
            serialization=core_schema.to_string_ser_schema(),
        )


Line = Annotated[str, SafeText(max_length=200)]
"""One line: a name, a title, an address."""
LongText = Annotated[str, SafeText(max_length=4000, multiline=True)]
"""A description, a question, an answer."""

MASK = "[…]"

_MAIL = re.compile(
    r"(?<![\w.+%'-])[\w.+%'-]++\s?(?:@|\(at\)|\[at\]|\{at\})\s?"
    r"[\w-]++(?:\.[\w-]++)*\.[^\W\d_]{2,}",
    re.IGNORECASE,
)
"""Possessive and never begun within a word: its time grows with the text, not with its square."""
_NAMED_PHONE = re.compile(
    r"(?P<word>\b(?:tel|telefon|fon|phone|handy|mobil|mobile|ruf|rufnummer|fax|whatsapp)\b"
    r"[.:\s]{0,3}(?:nr\.?|nummer)?[.:\s]{0,3})\d[\d /().-]{3,18}\d",
    re.IGNORECASE,
)
_PHONE = re.compile(
    r"(?<![\w.,/-])"
    r"(?!\d{1,2}\.\s?\d{1,2}\.\s?\d{2,4}\b)(?!0[.,]\d)"
    r"(?:\(?(?:\+|00)[1-9](?:[ /().–-]{0,3}\d){7,13}|\(?0[1-9](?:[ /().–-]{0,3}\d){5,12})"
    r"(?![\w])"
)
_PLATE = re.compile(
    r"(?<![\w-])(?!DIN\s?A\s?\d\b)"
    r"(?:[A-ZÄÖÜ]{1,3}(?:\s?[-–:·]\s?|\s)[A-Z]{1,2}(?:\s?[-–]\s?|\s?)[1-9]\d{0,3}\s?[EH]?"
    r"|[A-ZÄÖÜa-zäöü]{1,3}-[A-Za-z]{1,2}[ -]?[1-9]\d{0,3}[EHeh]?)"
    r"(?![\w])"
)


def mask_personal_data(text: str) -> str:
    """``text`` with mail addresses, phone numbers and German number plates replaced by ``[…]``.

    A safety net before publication, never a release: it leans towards masking too much.
    """
    text = _MAIL.sub(MASK, text)
    text = _NAMED_PHONE.sub(lambda found: found["word"] + MASK, text)
    text = _PHONE.sub(MASK, text)
    return _PLATE.sub(MASK, text)
