"""Follow a case: what routing says of it becomes the public view and its history.

Every function takes a batch in the order spoken and may hear the same twice.
"""

from collections.abc import Sequence
from typing import Any

from melder_common.envelope import Heard
from melder_common.event_values import CLOSED_STATES, PublicationPolicy
from melder_common.events import (
    CaseHandedOver,
    CaseMerged,
    CaseMessagePosted,
    CaseRecategorised,
    CaseRelocated,
    CaseRouted,
    CaseSnapshot,
    CaseStatusChanged,
    CaseTextRedacted,
    CaseTextReleased,
)
from melder_common.text import mask_personal_data
from melder_common.unit_of_work import UnitOfWork
from melder_intake.store import participation, public_view

_ROUTED = (
    "case_id", "decision", "responsible_slug", "responsible_name", "working_slug", "working_name",
    "municipality", "border", "border_distance_m", "reason", "usual_days", "category",
    "policy_text", "policy_photo", "policy_place", "lat", "long", "address",
)  # fmt: skip


async def follow_routing(unit: UnitOfWork, heard: Sequence[Heard[CaseRouted]]) -> None:
    """Somebody is responsible, or named anew."""
    rows = [_routed(said.event) | {"at": said.occurred_at} for said in heard]
    await public_view.change_reports(unit.connection, rows, *_ROUTED)
    told = [said for said in heard if not said.event.rerouted]
    await public_view.add_timeline(
        unit.connection, [_routed_entry(said.event, said.occurred_at) for said in told]
    )
    for said in heard:
        if said.event.rerouted:
            await _follow_rerouting(unit, said)


async def _follow_rerouting(unit: UnitOfWork, said: Heard[CaseRouted]) -> None:
    """A line of the history only where the body is another one, also one that had it before."""
    entry = _routed_entry(said.event, said.occurred_at)
    told = await public_view.find_told_body(unit.connection, said.event.report_id)
    if told != entry["body_name"]:
        at = said.occurred_at.isoformat()
        anew = public_view.entry_id(said.event.case_id, "routed", entry["body_name"], at)
        await public_view.add_timeline(unit.connection, [entry | {"entry_id": anew}])


async def follow_status(unit: UnitOfWork, heard: Sequence[Heard[CaseStatusChanged]]) -> None:
    """Another state, with a word to the public."""
    rows = [
        {
            "for_report": said.event.report_id,
            "new_state": said.event.state.value,
            "is_closed": said.event.state in CLOSED_STATES,
            "at": said.event.changed_at,
        }
        for said in heard
    ]
    await public_view.change_reports(unit.connection, rows, "state")
    await public_view.add_timeline(unit.connection, [_status_entry(said.event) for said in heard])


async def follow_hand_over(unit: UnitOfWork, heard: Sequence[Heard[CaseHandedOver]]) -> None:
    """While proposed the public reads who is asked; once accepted, who has taken over."""
    for said in heard:
        event = said.event
        row: dict[str, Any] = {"for_report": event.report_id, "at": event.changed_at}
        asked = event.receiver if event.step == "proposed" else None
        row |= {
            "new_asked_slug": asked.slug if asked else None,
            "new_asked_name": asked.name if asked else None,
        }
        fields = ["asked_slug", "asked_name"]
        if event.step in {"accepted", "to_clearing"}:
            row |= {
                "new_working_slug": event.receiver.slug,
                "new_working_name": event.receiver.name,
                "new_bodies": [event.receiver.slug],
            }
            fields += ["working_slug", "working_name"]
            await public_view.add_timeline(unit.connection, [_hand_over_entry(event)])
        if event.step == "accepted":
            row |= {
                "new_responsible_slug": event.receiver.slug,
                "new_responsible_name": event.receiver.name,
                # it said why the sender is responsible
                "new_reason": {},
            }
            fields += ["responsible_slug", "responsible_name", "reason"]
        await public_view.change_reports(unit.connection, [row], *fields)


async def follow_merge(unit: UnitOfWork, heard: Sequence[Heard[CaseMerged]]) -> None:
    """The case goes on as part of another one, or stands alone again."""
    rows = [
        {
            "for_report": said.event.report_id,
            "new_duplicate_of": None if said.event.undone else said.event.into_report_id,
            "at": said.occurred_at,
        }
        for said in heard
    ]
    await public_view.change_reports(unit.connection, rows, "duplicate_of")


async def follow_relocation(unit: UnitOfWork, heard: Sequence[Heard[CaseRelocated]]) -> None:
    """The pin was moved."""
    rows = [
        {
            "for_report": said.event.report_id,
            "new_lat": said.event.place.lat,
            "new_long": said.event.place.long,
            "new_address": _masked(said.event.place.address),
            "new_municipality": said.event.municipality,
            "at": said.occurred_at,
        }
        for said in heard
    ]
    await public_view.change_reports(
        unit.connection, rows, "lat", "long", "address", "municipality"
    )


async def follow_category(unit: UnitOfWork, heard: Sequence[Heard[CaseRecategorised]]) -> None:
    """The category was corrected, and its policy is in force at once."""
    rows = [
        {
            "for_report": said.event.report_id,
            "new_category": said.event.category.slug,
            "at": said.occurred_at,
            **_policy(said.event.policy),
        }
        for said in heard
    ]
    await public_view.change_reports(
        unit.connection, rows, "category", "policy_text", "policy_photo", "policy_place"
    )


async def follow_message(unit: UnitOfWork, heard: Sequence[Heard[CaseMessagePosted]]) -> None:
    """A body wrote to the reporter."""
    rows: list[dict[str, object]] = [
        {
            "message_id": said.event.message_id,
            "report_id": said.event.report_id,
            "kind": said.event.kind,
            "text": said.event.text,
            "body_name": said.event.body.name,
            "public": said.event.public,
            "posted_at": said.event.posted_at,
        }
        for said in heard
    ]
    await participation.add_messages(unit.connection, rows)


async def follow_release(unit: UnitOfWork, heard: Sequence[Heard[CaseTextReleased]]) -> None:
    """The text may be shown; it is masked here again, whoever released it."""
    await _set_texts(unit, heard, by_clerk=False)


async def follow_redaction(unit: UnitOfWork, heard: Sequence[Heard[CaseTextRedacted]]) -> None:
    """A clerk replaced the text, or took it back."""
    await _set_texts(unit, heard, by_clerk=True)


async def follow_snapshot(unit: UnitOfWork, heard: Sequence[Heard[CaseSnapshot]]) -> None:
    """The whole case again, for rebuilding: state, text and history as well."""
    rows = []
    for said in heard:
        event = said.event
        rows.append(
            _routed(event)
            | {
                "new_state": event.state.value,
                "new_text": _masked(event.public_text),
                "is_closed": event.state in CLOSED_STATES,
                "at": event.changed_at,
            }
        )
        history = [_status_entry(entry) for entry in event.timeline]
        await public_view.add_timeline(unit.connection, history)
        await public_view.add_first_routing(
            unit.connection, [_routed_entry(event, event.opened_at)]
        )
    await public_view.change_reports(unit.connection, rows, *_ROUTED, "state", "text")


async def _set_texts(
    unit: UnitOfWork,
    heard: Sequence[Heard[CaseTextReleased]] | Sequence[Heard[CaseTextRedacted]],
    *,
    by_clerk: bool,
) -> None:
    rows = [
        {
            "for_report": said.event.report_id,
            "new_text": _masked(said.event.text),
            "by_clerk": by_clerk,
            "at": said.occurred_at,
        }
        for said in heard
    ]
    await public_view.set_text(unit.connection, rows)


def _routed(event: CaseRouted) -> dict[str, Any]:
    bodies = {event.working.slug}
    if event.responsible:
        bodies.add(event.responsible.slug)
    return {
        "for_report": event.report_id,
        "new_case_id": event.case_id,
        "new_decision": event.status,
        "new_responsible_slug": event.responsible.slug if event.responsible else None,
        "new_responsible_name": event.responsible.name if event.responsible else None,
        "new_working_slug": event.working.slug,
        "new_working_name": event.working.name,
        "new_bodies": sorted(bodies),
        "new_municipality": event.municipality,
        "new_border": event.border,
        "new_border_distance_m": event.border_distance_m,
        "new_reason": event.reason,
        "new_usual_days": event.usual_days,
        "new_category": event.category.slug,
        "new_lat": event.place.lat,
        "new_long": event.place.long,
        "new_address": _masked(event.place.address),
        **_policy(event.policy),
    }


def _policy(policy: PublicationPolicy) -> dict[str, Any]:
    return {
        "new_policy_text": policy.text,
        "new_policy_photo": policy.photo,
        "new_policy_place": policy.place,
    }


def _routed_entry(event: CaseRouted, at: Any) -> dict[str, Any]:
    body = event.responsible or event.working
    return {
        "entry_id": public_view.entry_id(event.case_id, "routed", body.slug),
        "report_id": event.report_id,
        "at": at,
        "kind": "routed",
        "body_name": body.name,
        "data": {"decision": event.status},
    }


def _status_entry(event: CaseStatusChanged) -> dict[str, Any]:
    return {
        "entry_id": public_view.entry_id(
            event.case_id, "status", event.state, event.changed_at.isoformat()
        ),
        "report_id": event.report_id,
        "at": event.changed_at,
        "kind": "status",
        "state": event.state.value,
        "body_name": event.body.name,
        "text": _masked(event.message),
        "data": {"reason": event.reason} if event.reason else {},
    }


def _hand_over_entry(event: CaseHandedOver) -> dict[str, Any]:
    return {
        "entry_id": public_view.entry_id(
            event.case_id, "handover", event.step, event.changed_at.isoformat()
        ),
        "report_id": event.report_id,
        "at": event.changed_at,
        "kind": "handover",
        "body_name": event.receiver.name,
        "data": {"step": event.step, "sender": event.sender.name},
    }


def _masked(text: str | None) -> str | None:
    return mask_personal_data(text) if text else None
