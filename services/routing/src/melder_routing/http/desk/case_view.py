"""The case page as its template needs it: sentences, links and forms instead of rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from melder_common.event_values import CaseState
from melder_common.text import mask_personal_data
from melder_routing.domain.closing_reasons import CLOSING_REASONS
from melder_routing.domain.reaching import reach_of
from melder_routing.domain.states import (
    STATES,
    WAITING_WORKING_DAYS,
    Actor,
    Demand,
    is_closed,
    steps_from,
)
from melder_routing.domain.visibility import may_work, visible_parts
from melder_routing.domain.working_days import working_days_between
from melder_routing.http.desk.desk import Desk, SignedIn
from melder_routing.http.desk.form_fields import CODES, TEXTS
from melder_routing.http.desk.link_words import view_link_row
from melder_routing.http.desk.outside_words import view_outside
from melder_routing.http.desk.words import (
    CHANNELS,
    HISTORY,
    MAIL_KINDS,
    MESSAGE_KINDS,
    PHOTO_STATES,
    RULES,
    SOURCES,
    history_detail,
)
from melder_routing.store.desk_page import CaseFile
from melder_web import FormErrors

HIDEABLE = frozenset({"ready", "release_asked", "released"})
RELEASABLE = frozenset({"ready", "hidden"})
SHOWN = HIDEABLE | RELEASABLE | {"hide_asked"}


@dataclass(frozen=True)
class Attempt:
    """What came back from a form: texts to show again, what is wrong, what changed meanwhile."""

    action: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)
    errors: FormErrors = field(default_factory=FormErrors)
    changes: Sequence[Row[Any]] = ()
    preview: str = ""
    sent: str = ""


def view_case(
    desk: Desk,
    signed: SignedIn,
    file: CaseFile,
    attempt: Attempt,
    now: datetime,
) -> dict[str, Any]:
    """All names that ``desk/case.html`` uses."""
    case = file.case
    return {
        "now": now,
        "case": case,
        "facts": file.facts,
        "category": file.facts.category_name.get("de", case.category),
        "state": STATES[case.state],
        "closed": is_closed(case.state),
        "age": working_days_between(case.submitted_at, now, file.holidays),
        "late": case.closed_at is None and case.due_at < now,
        "source": SOURCES.get(file.facts.source, file.facts.source),
        "parts": {part.value for part in visible_parts(case, signed.scope)},
        "may_work": may_work(case, signed.scope),
        "assignee": file.names.get(case.assignee, "vergeben") if case.assignee else "",
        "mine": case.assignee == signed.scope.clerk_id,
        "reach": reach_of(case),
        "waiting_days": WAITING_WORKING_DAYS,
        "text": _text(file, attempt),
        "answers": _answers(file),
        "photos": [_photo(desk, signed, file, photo) for photo in file.photos],
        "photo_never": file.policy.photo == "never",
        "decision": file.decision,
        "candidates": sorted(file.bodies[slug] for slug in case.candidates),
        "reason": file.decision.reason.get("de", ""),
        "rule": RULES.get(file.decision.rule, ""),
        "categories": file.categories,
        "messages": [_message(message) for message in file.messages],
        "mails": [_mail(mail) for mail in file.mails],
        "outside": [
            *(view_outside(row, now) for row in file.outside),
            *(view_link_row(row) for row in file.links),
        ],
        "history": [_line(line, file) for line in file.history],
        "changes": [_line(line, file) for line in attempt.changes],
        "next_states": _next_states(case.state),
        "quick": _quick(case.state),
        "endings": _endings(case.state),
        "can_question": _leads_to(case.state, CaseState.WAITING_FOR_REPORTER),
        "action": attempt.action,
        "typed": {**dict.fromkeys(TEXTS, ""), **attempt.typed},
        "codes": {**dict.fromkeys(CODES, ""), **attempt.codes},
        "errors": attempt.errors,
        "preview": attempt.preview,
        "sent": attempt.sent,
    }


def _text(file: CaseFile, attempt: Attempt) -> dict[str, Any]:
    described = file.texts.description or ""
    offered = file.texts.public_text or mask_personal_data(described)
    return {
        "title": file.texts.title,
        "described": described,
        "public": file.texts.public_text,
        "state": file.texts.public_state,
        "never": file.policy.text == "never",
        "offered": attempt.typed.get("text", offered),
        "masked": offered != described,
        "erased": file.facts.erased_at is not None,
        "language": file.facts.language,
    }


def _answers(file: CaseFile) -> list[tuple[str, str]]:
    """Question and answer in words; a question the catalogue forgot keeps its code."""
    known = {question.code: question for question in file.questions}
    answers = []
    for code, values in file.texts.attributes.items():
        question = known.get(code)
        names = {
            choice["key"]: choice["name"].get("de", choice["key"])
            for choice in (question.choices if question else ())
        }
        said = ", ".join(names.get(value, value) for value in values)
        answers.append((question.text.get("de", code) if question else code, said))
    return answers


def _photo(desk: Desk, signed: SignedIn, file: CaseFile, photo: Row[Any]) -> dict[str, Any]:
    words, kind = PHOTO_STATES[photo.state]
    sizes = {rendition["name"]: rendition for rendition in photo.renditions}
    shown = photo.state in SHOWN
    report_id = file.case.report_id
    return {
        "id": photo.photo_id,
        "state": photo.state,
        "words": words,
        "kind": kind,
        "url": desk.photo_url(signed, photo.photo_id, report_id, "list") if shown else "",
        "full_url": f"/desk/cases/{file.case.number}/photos/{photo.photo_id}" if shown else "",
        "size": sizes.get("list", {"width": 640, "height": 480}),
        "can_release": photo.state in RELEASABLE and file.policy.photo != "never",
        "can_hide": photo.state in HIDEABLE,
        "with_comment": photo.message_id is not None,
    }


def _message(message: Row[Any]) -> dict[str, Any]:
    return {
        "id": message.id,
        "title": MESSAGE_KINDS[message.kind],
        "program": message.sender,
        "at": message.at,
        "text": message.text,
        "erased": message.erased_at is not None,
        "by_reporter": message.by_reporter,
        "public": message.public,
    }


def _mail(mail: Row[Any]) -> dict[str, Any]:
    return {
        "kind": MAIL_KINDS.get(mail.kind, mail.kind),
        "channel": CHANNELS.get(mail.channel, mail.channel),
        "at": mail.at,
        "failed": mail.state == "failed",
    }


def _line(line: Row[Any], file: CaseFile) -> dict[str, Any]:
    who = file.names.get(line.clerk_id) if line.clerk_id else None
    body = file.bodies.get(line.body, line.body) if line.body else ""
    return {
        "at": line.at,
        "title": HISTORY.get(line.kind, line.kind),
        "text": history_detail(line.kind, line.codes, file.bodies),
        "by": ", ".join(part for part in (who, body) if part),
    }


def _next_states(state: CaseState) -> list[tuple[str, str]]:
    """Where the status form may lead: open states that need no question and no quick button."""
    return [
        (step.target.value, step.label)
        for step in steps_from(state, Actor.CLERK)
        if not is_closed(step.target) and step.demand is not Demand.QUESTION and not _quick(state)
    ]


def _quick(state: CaseState) -> str:
    """The step that a new case offers as its one big button."""
    return "accept" if state is CaseState.RECEIVED else ""


def _leads_to(state: CaseState, target: CaseState) -> bool:
    return any(step.target is target for step in steps_from(state, Actor.CLERK))


def _endings(state: CaseState) -> list[tuple[str, list[tuple[str, str]]]]:
    """(outcome, [(value, reason), …]) for the closing form; the empty reason wants a text."""
    return [
        (
            STATES[step.target].desk,
            [
                *(
                    (f"{step.target.value}:{reason.code}", reason.label)
                    for reason in CLOSING_REASONS.values()
                    if reason.state is step.target
                ),
                (f"{step.target.value}:", f"{STATES[step.target].desk}, mit eigenem Text"),
            ],
        )
        for step in steps_from(state, Actor.CLERK)
        if is_closed(step.target)
    ]
