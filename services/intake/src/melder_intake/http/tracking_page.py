"""The reporter's own page: everything about the report, and what can be done now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import segno
from fastapi import Request, Response
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncConnection

from melder_common.event_values import CLOSED_STATES, CaseState
from melder_intake.domain.catalogue import in_language
from melder_intake.domain.publication import KnownReport
from melder_intake.http.acceptance import reception_of
from melder_intake.http.presenting import PHOTO_STATES, present_history
from melder_intake.parts import Parts
from melder_intake.store import participation, public_reading, reports
from melder_intake.store.participation import Comment, Message, Participation
from melder_web import FormErrors

REOPEN_WITHIN = timedelta(days=28)
REOPEN_TIMES = 2


@dataclass(frozen=True)
class Tracked:
    """A report whose link was right."""

    report: KnownReport
    token: str

    @property
    def address(self) -> str:
        """The page's own path."""
        return f"/m/{self.report.number}/{self.token}"


@dataclass(frozen=True)
class Letter:
    """A message or a comment. ``kind``: ``out`` from the body, ``in`` from the reporter."""

    at: datetime
    sender: str
    text: str
    kind: str


@dataclass(frozen=True)
class Dossier:
    """What intake knows for the reporter beside the view."""

    sent: reports.StoredReport | None
    tokens: dict[UUID, str | None]
    done: Participation
    messages: Sequence[Message]
    comments: Sequence[Comment]
    history: Sequence[public_reading.TimelineEntry]

    @property
    def letters(self) -> list[Letter]:
        """The conversation, oldest first, without the question that stands above its answer."""
        waiting = self.open_question
        said = [
            Letter(one.posted_at, one.body_name, one.text, "out")
            for one in self.messages
            if one is not waiting
        ]
        written = [Letter(one.written_at, "", one.text, "in") for one in self.comments]
        return sorted([*said, *written], key=lambda letter: letter.at)

    @property
    def open_question(self) -> Message | None:
        """The newest question without an answer."""
        answered = {comment.answers for comment in self.comments}
        waiting = (one for one in reversed(self.messages) if one.kind == "question")
        return next((one for one in waiting if one.message_id not in answered), None)


async def read_dossier(connection: AsyncConnection, report: KnownReport) -> Dossier:
    """Everything the page shows."""
    return Dossier(
        sent=await reports.find_report(connection, report.report_id),
        tokens=dict(await reports.list_own_photos(connection, report.report_id)),
        done=await participation.get_participation(connection, report.report_id),
        messages=await participation.list_messages(connection, report.report_id),
        comments=await participation.list_comments(connection, report.report_id),
        history=await public_reading.list_timeline(connection, report),
    )


async def tracking_page(
    parts: Parts,
    request: Request,
    tracked: Tracked,
    *,
    errors: FormErrors | None = None,
    typed: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    """The page; after a mistake with its errors and what was typed."""
    report = tracked.report
    reception = await reception_of(parts)
    async with parts.units.engine.connect() as connection:
        dossier = await read_dossier(connection, report)
    language = parts.pages.language_of(request)
    url = f"{parts.settings.origin}{tracked.address}"
    return parts.pages.render(
        request,
        "verfolgen.html",
        status=status,
        tracked=tracked,
        report=report,
        dossier=dossier,
        url=url,
        qr=_qr(url),
        fresh=request.query_params.get("neu") == "1",
        photos_lost=request.query_params.get("fotos") == "verloren",
        thanked=request.query_params.get("dank") == "1",
        reason=in_language(report.reason or {}, language),
        category_name=reception.catalogue.category_name(report.category, language),
        photos=[
            (photo, PHOTO_STATES.get(photo.state, ""), dossier.tokens.get(photo.photo_id))
            for photo in report.photos
        ],
        history=present_history(dossier.history, parts.pages.words_for(request)),
        closed=report.state in CLOSED_STATES,
        may_judge=report.state is CaseState.RESOLVED,
        may_reopen=may_reopen(report, dossier.done, parts.units.clock()),
        errors=errors or FormErrors(),
        typed=typed or {},
    )


def may_reopen(report: KnownReport, done: Participation, now: datetime) -> bool:
    """Within 28 days of the closing, twice, and not after saying that it is fixed."""
    recent = report.closed_at is not None and now - report.closed_at <= REOPEN_WITHIN
    return recent and done.reopen_requests < REOPEN_TIMES and done.fixed is not True


def _qr(url: str) -> Markup:
    drawn = segno.make(url, error="m").svg_inline(
        scale=4, border=2, dark="#000", light="#fff", svgclass=None, lineclass=None
    )
    return Markup(drawn)  # noqa: S704 (segno draws a path; no text of ours or theirs is in it)
