"""What routing says to the public in its own words can be read in every language of the pages."""

from importlib.resources import files
from io import BytesIO

from babel.messages.pofile import read_po

from melder_routing.domain.closing_reasons import CLOSING_REASONS


def test_standard_answers_are_translated_for_the_public_page() -> None:
    source = files("melder_intake").joinpath("locale", "en.po").read_bytes()
    translated = {message.id for message in read_po(BytesIO(source)) if message.string}
    assert {reason.sentence for reason in CLOSING_REASONS.values()} <= translated
