"""Open a case for every routed report, put it into its queue and say so."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from melder_common.event_values import BodyRef, CaseState
from melder_common.events import CaseRouted, CaseTextReleased
from melder_common.ids import new_id
from melder_common.text import mask_personal_data
from melder_common.unit_of_work import UnitOfWork
from melder_routing.domain.case_changes import publishes_text_at_once, wants_text_review
from melder_routing.domain.history import HistoryEntry, HistoryKind
from melder_routing.domain.routed_report import RoutedReport
from melder_routing.domain.tiles import tile_of
from melder_routing.domain.working_days import add_working_days
from melder_routing.store.case_contents import add_photos, add_texts
from melder_routing.store.cases import add_cases, add_histories
from melder_routing.store.usual_days import list_usual_days


class UnroutableReport(ValueError):
    """A decision without a working body or queue: no report may end without a queue."""


async def open_cases(unit: UnitOfWork, routed: Sequence[RoutedReport]) -> None:
    """Store ``routed`` in a few statements and record CaseRouted for each.

    A text whose category publishes at once is released here, masked. Raises UnroutableReport.
    """
    if not routed:
        return
    opened = [(new_id(), report) for report in routed]
    await add_cases(unit.connection, [_case(unit, case_id, one) for case_id, one in opened])
    await add_texts(unit.connection, [_texts(case_id, one) for case_id, one in opened])
    await add_photos(unit.connection, [p for case_id, one in opened for p in _photos(case_id, one)])
    await add_histories(unit, [line for case_id, one in opened for line in _lines(case_id, one)])
    usual = await list_usual_days(unit.connection, {one.category.slug for _, one in opened})
    for case_id, one in opened:
        _record(unit, case_id, one, usual.get(one.category.slug))


def _case(unit: UnitOfWork, case_id: UUID, one: RoutedReport) -> dict[str, Any]:
    report, decision, place = one.report, one.decision, one.report.place
    return {
        "id": case_id,
        "report_id": report.report_id,
        "number": report.number,
        "source": report.source,
        "api_client": report.api_client,
        "language": report.language,
        "category": one.category.slug,
        "category_name": one.category.name,
        "policy": one.policy.model_dump(mode="json"),
        "decision": decision.as_json(),
        "responsible": decision.responsible.slug if decision.responsible else None,
        "working": _working(one).slug,
        "queue": decision.queue,
        "candidates": [body.slug for body in decision.candidates],
        "informed": [body.slug for body in decision.informed],
        "municipality": decision.municipality,
        "border": decision.border,
        "lat": place.lat,
        "long": place.long,
        "accuracy_m": place.accuracy_m,
        "address": place.address,
        "asset_id": place.asset_id,
        "tile": tile_of(place.lat, place.long),
        "state": CaseState.RECEIVED.value,
        "hazard": one.hazard,
        "channels": list(report.channels),
        "text_to_review": wants_text_review(one.policy, hazard=one.hazard, text=report.description),
        "submitted_at": report.submitted_at,
        "opened_at": unit.now,
        "routed_at": unit.now,
        "due_at": add_working_days(report.submitted_at, one.due_days, one.holidays),
        "changed_at": unit.now,
    }


def _working(one: RoutedReport) -> BodyRef:
    if one.decision.working is None or one.decision.queue is None:
        raise UnroutableReport(f"report {one.report.number}: the decision names no queue")
    return one.decision.working


def _texts(case_id: UUID, one: RoutedReport) -> dict[str, Any]:
    public = _public_text(one)
    return {
        "case_id": case_id,
        "title": one.report.title,
        "description": one.report.description,
        "attributes": one.report.attributes,
        "media_link": one.report.media_link,
        "public_text": public,
        "public_state": "released" if public else "hidden",
    }


def _public_text(one: RoutedReport) -> str | None:
    text = one.report.description
    if not publishes_text_at_once(one.policy, hazard=one.hazard, text=text):
        return None
    return mask_personal_data(text)


def _photos(case_id: UUID, one: RoutedReport) -> list[dict[str, Any]]:
    return [
        {"photo_id": claim.photo_id, "case_id": case_id, "position": n, "state": "expected"}
        for n, claim in enumerate(one.report.photos, start=1)
    ]


def _lines(case_id: UUID, one: RoutedReport) -> list[tuple[UUID, HistoryEntry]]:
    codes = {"rule": str(one.decision.rule), "status": str(one.decision.status)}
    body = _working(one).slug
    lines = [HistoryEntry(HistoryKind.OPENED, body, version=1, codes=codes)]
    if _public_text(one):
        lines.append(HistoryEntry(HistoryKind.TEXT_RELEASED, codes={"policy": "at_once"}))
    return [(case_id, line) for line in lines]


def _record(unit: UnitOfWork, case_id: UUID, one: RoutedReport, usual_days: float | None) -> None:
    report, decision = one.report, one.decision
    routed = CaseRouted(
        case_id=case_id,
        report_id=report.report_id,
        number=report.number,
        status=decision.status.value,
        responsible=decision.responsible,
        working=_working(one),
        candidates=decision.candidates,
        municipality=decision.municipality,
        border=decision.border,
        snapped=decision.snapped,
        border_distance_m=decision.border_distance_m,
        reason=decision.reason,
        category=one.category,
        place=report.place,
        policy=one.policy,
        usual_days=usual_days,
        boundary_version=decision.boundary_version,
    )
    unit.record(routed, aggregate_id=case_id, report_id=report.report_id)
    if text := _public_text(one):
        released = CaseTextReleased(case_id=case_id, report_id=report.report_id, text=text)
        unit.record(released, aggregate_id=case_id, report_id=report.report_id)
