"""Public reports as requests of GeoReport v2, and what extensions add to them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from melder_common.event_values import CaseState, Question
from melder_intake.domain.catalogue import Catalogue, in_language
from melder_intake.domain.publication import PublicDetails, PublicReport
from melder_intake.http.open311.documents import Value
from melder_intake.http.presenting import Line, present_history
from melder_intake.store.public_details import Listed
from melder_intake.store.public_reading import TimelineEntry

NOTICE_UNDECIDED = "Die zuständige Stelle wird gerade ermittelt."

DETAILED_STATUS: Mapping[CaseState, str] = {
    CaseState.RECEIVED: "RECEIVED",
    CaseState.ACCEPTED: "IN_PROCESS",
    CaseState.PLANNED: "IN_PROCESS",
    CaseState.IN_PROGRESS: "IN_PROCESS",
    CaseState.WAITING_FOR_REPORTER: "IN_PROCESS",
    CaseState.FORWARDED: "IN_PROCESS",
    CaseState.RESOLVED: "PROCESSED",
    CaseState.NOT_ACTIONABLE: "REJECTED",
    CaseState.DUPLICATE: "REJECTED",
}
"""The words of CitySDK and Klarschiff."""


@dataclass(frozen=True)
class RequestWriter:
    """What all requests of an answer share. ``extensions``: names of ``parameters``."""

    catalogue: Catalogue
    origin: str
    locale: str
    extensions: frozenset[str] = frozenset()

    def rows(self, listed: Iterable[Listed]) -> Iterator[Value]:
        """Each report as a request."""
        for one in listed:
            row = self._request(one.report, one.word)
            if self.extensions:
                row |= self._extended(one)
            yield row

    def _request(self, report: PublicReport, word: str | None) -> dict[str, Value]:
        place = report.place
        closed = report.closed
        expected = None
        if report.usual_days is not None and not closed:
            expected = report.submitted_at + timedelta(days=report.usual_days)
        return {
            "service_request_id": report.number,
            "status": "closed" if closed else "open",
            "status_notes": word,
            "service_name": self.catalogue.category_name(report.category, self.locale),
            "service_code": report.category,
            "description": report.text,
            "agency_responsible": report.responsible.name if report.responsible else None,
            "service_notice": self._notice(report),
            "requested_datetime": report.submitted_at,
            "updated_datetime": report.updated_at,
            "expected_datetime": expected,
            "address": place.address if place else None,
            "address_id": None,
            "zipcode": None,
            "lat": place.lat if place else None,
            "long": place.long if place else None,
            "media_url": next(self._photos(report), None),
        }

    def _notice(self, report: PublicReport) -> str:
        if report.asked:
            return f"Wir prüfen, ob {report.asked.name} zuständig ist."
        if reason := in_language(report.reason, self.locale):
            return reason
        if report.responsible:
            return f"Zuständig ist {report.responsible.name}."
        return NOTICE_UNDECIDED

    def _photos(self, report: PublicReport) -> Iterator[str]:
        return (f"{self.origin}/photos/{photo.photo_id}/full.jpg" for photo in report.photos)

    def _extended(self, one: Listed) -> dict[str, Value]:
        details = one.details or PublicDetails(one.report.category)
        more: dict[str, Value] = {}
        extended: dict[str, Value] = {}
        if "citysdk" in self.extensions:
            extended |= {
                "service_object_type": details.asset_type,
                "service_object_id": details.asset_id,
                "detailed_status": DETAILED_STATUS[one.report.state],
                "title": details.title,
            }
        if "media" in self.extensions:
            extended["media_urls"] = list(self._photos(one.report))
        if extended:
            more["extended_attributes"] = extended
        if "attributes" in self.extensions:
            more["attributes"] = list(self._answers(details))
        if "notes" in self.extensions:
            more["notes"] = self._notes(one.notes)
        return more

    def _answers(self, details: PublicDetails) -> Iterator[Value]:
        category = self.catalogue.categories.get(details.category)
        asked = {one.code: one for one in category.questions} if category else {}
        for code, values in details.attributes.items():
            question = asked.get(code)
            for value in values:
                yield {
                    "label": in_language(question.text, self.locale) if question else code,
                    "name": self._name_of(question, value),
                    "value": value,
                    "code": code,
                }

    def _name_of(self, question: Question | None, value: str) -> str:
        choices = question.choices if question else ()
        named = (in_language(one.name, self.locale) for one in choices if one.key == value)
        return next(named, value)

    def _notes(self, entries: Sequence[TimelineEntry]) -> list[Value]:
        lines = present_history(entries)
        return [
            {"datetime": entry.at, "description": _told(line), "type": entry.kind}
            for entry, line in zip(entries, lines, strict=True)
        ]


def _told(line: Line) -> str:
    by = f" ({line.by})" if line.by else ""
    return f"{line.title}{by}: {line.text}" if line.text else f"{line.title}{by}"
