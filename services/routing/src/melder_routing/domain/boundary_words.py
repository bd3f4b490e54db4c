"""The report of an import as people read it, in German or English."""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, TypeVar

from melder_routing.domain.boundary_report import AreaName, BoundaryReport, Changed, Place

Language = Literal["de", "en"]
Entry = TypeVar("Entry")
SHOWN = 10

_WORDS: dict[Language, dict[str, str]] = {
    "de": {
        "point": ",",
        "head": "{file}: {features} Flächen, Bezugssystem {crs}",
        "draft": "Quelle {source}, Ebene {layer}, Stand {version}, gültig {since}",
        "since": "ab {day}",
        "always": "seit jeher",
        "shape": "{parts} mit mehreren Teilen, {holes} mit Löchern",
        "repaired": "{n} ungültig, beim Einlesen repariert",
        "duplicates": "{n} Schlüssel stehen mehrfach; die Flächen zählen gemeinsam",
        "times": "{key}: {n}-mal",
        "gaps": "{n} Lücken: Orte, die keiner Fläche gehören",
        "overlaps": "{n} Überlappungen: Orte, die zwei Flächen beanspruchen",
        "between": "{size} bei {lat:.5f}, {long:.5f}, zwischen {keys}",
        "first": "Für diese Quelle gab es bisher keine Flächen.",
        "compared": "Verglichen mit {versions}:",
        "unchanged": "{n} unverändert",
        "added": "{n} neue Schlüssel",
        "vanished": "{n} verschwundene Schlüssel",
        "vanished_hint": "Fälle einer aufgelösten Stelle: melder body succeed ALT NEU --date TAG",
        "changed": "{n} geänderte Flächen",
        "change": "{key} {name}: {gained} dazu, {lost} weg",
        "renamed": "{key} {name}: hieß {old}; {gained} dazu, {lost} weg",
        "without_body": "{n} Schlüssel gehören zu keiner Stelle der Region; ihre Flächen warten",
        "more": "… und {n} weitere",
        "body": "gehört {body}",
        "written": "Übernommen. Die nächste Meldung benutzt die neuen Grenzen.",
        "known": "Dieser Stand ist schon übernommen; nichts ändert sich.",
        "dry": "Probelauf: nichts wurde geschrieben.",
    },
    "en": {
        "point": ".",
        "head": "{file}: {features} areas, reference system {crs}",
        "draft": "source {source}, layer {layer}, version {version}, valid {since}",
        "since": "from {day}",
        "always": "since ever",
        "shape": "{parts} with several parts, {holes} with holes",
        "repaired": "{n} invalid, repaired on import",
        "duplicates": "{n} keys stand more than once; their areas count together",
        "times": "{key}: {n} times",
        "gaps": "{n} gaps: places that belong to no area",
        "overlaps": "{n} overlaps: places that two areas claim",
        "between": "{size} at {lat:.5f}, {long:.5f}, between {keys}",
        "first": "There were no areas for this source.",
        "compared": "Compared with {versions}:",
        "unchanged": "{n} unchanged",
        "added": "{n} new keys",
        "vanished": "{n} vanished keys",
        "vanished_hint": "cases of a dissolved body: melder body succeed OLD NEW --date DAY",
        "changed": "{n} changed areas",
        "change": "{key} {name}: {gained} gained, {lost} lost",
        "renamed": "{key} {name}: was called {old}; {gained} gained, {lost} lost",
        "without_body": "{n} keys belong to no body of the region; their areas wait",
        "more": "… and {n} more",
        "body": "belongs to {body}",
        "written": "Imported. The next report uses the new boundaries.",
        "known": "This version is imported already; nothing changes.",
        "dry": "Dry run: nothing was written.",
    },
}


def report_lines(report: BoundaryReport, language: Language) -> Iterator[str]:
    """The report, the general first; lists are cut, ``--json`` has them whole."""
    words = _WORDS[language]
    draft = report.draft
    since = (
        words["since"].format(day=draft.valid_from.isoformat())
        if draft.valid_from
        else words["always"]
    )
    yield words["head"].format(file=report.file, features=report.features, crs=report.crs[:80])
    yield words["draft"].format(
        source=draft.source, layer=draft.layer, version=draft.version, since=since
    )
    yield words["shape"].format(parts=report.several_parts, holes=report.with_holes)
    yield from _findings(report, words)
    yield from _comparison(report, words)
    yield words["known" if report.known_already else "written" if report.written else "dry"]


def _findings(report: BoundaryReport, words: dict[str, str]) -> Iterator[str]:
    yield words["repaired"].format(n=len(report.repaired))
    yield from _listed(report.repaired, words, lambda r: f"{r.key} {r.name}: {r.reason}")
    if report.duplicates:
        yield words["duplicates"].format(n=len(report.duplicates))
        times = words["times"]
        yield from _listed(
            report.duplicates, words, lambda pair: times.format(key=pair[0], n=pair[1])
        )
    for name, places in (("gaps", report.gaps), ("overlaps", report.overlaps)):
        yield words[name].format(n=len(places))
        yield from _listed(places, words, lambda place: _place(place, words))


def _comparison(report: BoundaryReport, words: dict[str, str]) -> Iterator[str]:
    found = report.comparison
    if not found.compared_with:
        yield words["first"]
    else:
        yield words["compared"].format(versions=", ".join(found.compared_with))
        yield words["unchanged"].format(n=found.unchanged)
        yield words["changed"].format(n=len(found.changed))
        yield from _listed(found.changed, words, lambda change: _change(change, words))
        yield words["added"].format(n=len(found.added))
        yield from _listed(found.added, words, lambda area: _area(area, words))
        yield words["vanished"].format(n=len(found.vanished))
        yield from _listed(found.vanished, words, lambda area: _area(area, words))
        if any(area.body for area in found.vanished):
            yield "  " + words["vanished_hint"]
    if found.without_body:
        yield words["without_body"].format(n=len(found.without_body))


def _listed(
    entries: Sequence[Entry], words: dict[str, str], line: Callable[[Entry], str]
) -> Iterator[str]:
    for entry in entries[:SHOWN]:
        yield "  " + line(entry)
    if len(entries) > SHOWN:
        yield "  " + words["more"].format(n=len(entries) - SHOWN)


def _area(area: AreaName, words: dict[str, str]) -> str:
    owner = f" ({words['body'].format(body=area.body)})" if area.body else ""
    return f"{area.key} {area.name}{owner}"


def _place(place: Place, words: dict[str, str]) -> str:
    return words["between"].format(
        size=_size(place.m2, words), lat=place.lat, long=place.long, keys=", ".join(place.keys[:6])
    )


def _change(change: Changed, words: dict[str, str]) -> str:
    return words["renamed" if change.renamed_from else "change"].format(
        key=change.key,
        name=change.name,
        old=change.renamed_from,
        gained=_size(change.gained_m2, words),
        lost=_size(change.lost_m2, words),
    )


def _size(m2: float, words: dict[str, str]) -> str:
    if m2 >= 10_000:
        large = m2 >= 1_000_000
        number = f"{m2 / (1_000_000 if large else 10_000):.1f}".replace(".", words["point"])
        return f"{number} {'km²' if large else 'ha'}"
    return f"{m2:.0f} m²"
