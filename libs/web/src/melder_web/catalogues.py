"""Translations: German texts are the message ids; ``locale/<tag>.po`` files hold the others.

Catalogues of ``melder_web`` and of the service are merged, the service's entries win. They are
read from the ``.po`` text at start, so nothing compiled is kept in the repository.
"""

import gettext
import io
from collections.abc import Iterable
from importlib.resources import files

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})


def read_catalogues(
    packages: Iterable[str], languages: Iterable[str]
) -> dict[str, gettext.NullTranslations]:
    """The translations by language tag; a language without a file speaks German."""
    packages = tuple(packages)
    return {language: _read_catalogue(packages, language) for language in languages}


def direction_of(language: str) -> str:
    """``rtl`` or ``ltr``, for the ``dir`` attribute."""
    return "rtl" if language.partition("-")[0] in RIGHT_TO_LEFT else "ltr"


def choose_language(wanted: Iterable[str], offered: tuple[str, ...]) -> str:
    """The first wanted tag that is offered, also by its primary subtag; else the first offered."""
    for tag in wanted:
        for candidate in (tag, tag.partition("-")[0]):
            if candidate in offered:
                return candidate
    return offered[0]


def accepted_languages(header: str) -> list[str]:
    """The tags of an ``Accept-Language`` header, best first; what is malformed is left out."""
    ranked: list[tuple[float, int, str]] = []
    for position, part in enumerate(header.split(",")[:20]):
        tag, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight or 1)
        except ValueError:
            continue
        if tag and quality > 0:
            ranked.append((-quality, position, tag.lower()))
    return [tag for _, _, tag in sorted(ranked)]


def _read_catalogue(packages: tuple[str, ...], language: str) -> gettext.NullTranslations:
    merged = Catalog(locale=language.replace("-", "_").partition("_")[0])
    for package in packages:
        source = files(package).joinpath("locale", f"{language}.po")
        if source.is_file():
            for message in read_po(io.BytesIO(source.read_bytes()), locale=language):
                if message.id and message.string:
                    merged[message.id] = message
    if not len(merged):
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
