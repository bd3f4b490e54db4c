"""The languages mails are written in, from ``locale/<tag>.po``; message ids are German."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from gettext import NullTranslations

from melder_web.catalogues import choose_language, read_catalogues
from melder_web.formats import Formats
from melder_web.standard_answers import translate_answer


@dataclass(frozen=True)
class SpokenWords:
    """One language, as letters need it."""

    language: str
    catalogue: NullTranslations
    formats: Formats

    def __call__(self, german: str) -> str:
        """The sentence in this language; German where nobody has translated it."""
        return self.catalogue.gettext(german)

    def answer(self, text: str) -> str:
        """What a body said, translated if it used the system's own words."""
        return translate_answer(text, self.catalogue.gettext)

    def moment(self, at: datetime) -> str:
        """Day and time of day in the installation's zone."""
        return self.formats.local_datetime(at)

    def day(self, at: datetime) -> str:
        """The day in the installation's zone."""
        return self.formats.local_date(at)

    def coordinates(self, lat: float, long: float) -> str:
        """A place as people copy it into their map."""
        return self.formats.coordinates((lat, long))

    def name(self, names: dict[str, str]) -> str | None:
        """A name that comes by language tag (categories, reasons), German as the last resort."""
        return names.get(self.language) or names.get("de")


class Languages:
    """All languages that mails can be written in, read once at start."""

    def __init__(self, tags: tuple[str, ...], *, zone: str) -> None:
        catalogues = read_catalogues(("melder_web", "melder_notify"), tags)
        self._words = {
            tag: SpokenWords(
                tag, catalogues[tag], Formats(timezone=zone, language=partial(str, tag))
            )
            for tag in tags
        }
        self._tags = tags

    def speak(self, tag: str) -> SpokenWords:
        """The words for a reporter's language tag; the first language for unknown ones."""
        return self._words[choose_language([tag.lower()], self._tags)]
