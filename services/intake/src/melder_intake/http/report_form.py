"""``/melden``: the form that works without scripts, in one request with photos and all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.exc import SQLAlchemyError

from melder_common.database import is_unavailable
from melder_common.failures import name_failure
from melder_common.idempotency import KeyReused
from melder_common.problems import unavailable
from melder_common.rate_limit import client_network
from melder_common.text import TextRefused, clean_text, mask_personal_data
from melder_intake.domain.catalogue import Category
from melder_intake.domain.checking import (
    LONGEST_ASSET_ID,
    PhotoLimits,
    check_place,
    check_report,
    read_accuracy,
)
from melder_intake.domain.submission import Fault, PhotoFile, SubmissionRefused
from melder_intake.http.acceptance import mint_identity, photo_limits, reception_of, send_report
from melder_intake.http.category_styles import stylesheet_address
from melder_intake.http.outside import who_serves
from melder_intake.http.region_map import picture_address, whole_region
from melder_intake.http.report_fields import (
    HONEYPOT,
    MAP_SIZE,
    TypedForm,
    draft_text,
    field_of,
    question_field,
    raw_report,
    read_form,
    read_query,
)
from melder_intake.http.sentences import sentence
from melder_intake.parts import Parts
from melder_intake.store.catalogue import Reception
from melder_intake.store.responsibility import Hint
from melder_intake.use_cases.keep_draft_photo import keep_draft_photo
from melder_web import FormErrors, new_form_token

SEND = "senden"
PREVIEW = "vorschau"

_log = structlog.get_logger("melder.report_form")


def report_form_router(parts: Parts) -> APIRouter:
    """Show the form, show it again, accept the report."""
    router = APIRouter(tags=["Seiten"])

    @router.get("/melden")
    async def show(request: Request) -> Response:
        reception = await reception_of(parts)
        return await _page(parts, request, reception, read_query(request))

    @router.post("/melden")
    async def send(request: Request) -> Response:
        parts.limiter.check(
            "web-report", f"{parts.settings.reports_per_minute}/minute", client_network(request)
        )
        form = await read_form(request)
        try:
            return await _take(parts, request, form)
        except (SQLAlchemyError, OSError) as error:
            if not is_unavailable(error):
                raise
            _log.warning("report_not_taken", reason=name_failure(error))
            return await _show_for_later(parts, request, form)

    return router


async def _take(parts: Parts, request: Request, form: TypedForm) -> Response:
    reception = await reception_of(parts)
    if form.step != SEND:
        form = await _keep_files(parts, form)
        return await _page(parts, request, reception, form)
    return await _send(parts, request, reception, form)


async def _show_for_later(parts: Parts, request: Request, form: TypedForm) -> Response:
    """503, and everything that was typed: nobody shall write it twice because our disk is full.

    The token stays: if the report was kept after all, sending again finds it.
    """
    problem, reception = unavailable(), parts.reception.last_known
    if reception is None:
        raise problem
    fault = Fault("", "not_now_photos" if form.files else "not_now")
    return await _page(
        parts,
        request,
        reception,
        replace(form, files=()),
        errors=FormErrors({"": sentence(fault, parts.pages.words_for(request))}),
        status=problem.status,
        headers=problem.headers,
    )


async def _send(parts: Parts, request: Request, reception: Reception, form: TypedForm) -> Response:
    chosen = reception.catalogue.categories.get(form["service_code"])
    raw = raw_report(
        form, chosen, form_key=parts.form_key, language=parts.pages.language_of(request)
    )
    try:
        submission, category = check_report(
            raw, reception.catalogue, reception.area.covers, photo_limits(parts)
        )
    except SubmissionRefused as refused:
        say = parts.pages.words_for(request)
        errors = await _errors(parts, refused.faults, form, say)
        form = await _keep_files(parts, form)
        return await _page(parts, request, reception, form, errors=errors, status=422)
    try:
        done = await send_report(
            parts, submission, category, mint_identity("web", form.token or None)
        )
    except KeyReused:
        told = sentence(Fault("", "sent_already"), parts.pages.words_for(request))
        errors = FormErrors({"": told})
        form = replace(await _keep_files(parts, form), token=new_form_token())
        return await _page(parts, request, reception, form, errors=errors, status=409)
    token = parts.acceptance.tracking_token(done.report_id)
    lost = "&fotos=verloren" if done.photos_lost else ""
    return RedirectResponse(f"/m/{done.number}/{token}?neu=1{lost}", status_code=303)


async def _errors(
    parts: Parts, faults: tuple[Fault, ...], form: TypedForm, say: Callable[[str], str]
) -> FormErrors:
    errors = FormErrors()
    more = await who_serves(parts, faults, say)
    for fault in faults:
        told = sentence(fault, say)
        if more and fault.code == "place_outside":
            told = f"{told} {more}"
        errors.add(field_of(fault, form["service_code"]), told)
    return errors


async def _keep_files(parts: Parts, form: TypedForm) -> TypedForm:
    """Spool the files of a form that comes back, as far as they would be taken at all."""
    limits = photo_limits(parts)
    room = limits.count - len(form.claims) - len(form.drafts)
    kept = list(form.drafts)
    for file in _takable(form.files, limits)[: max(room, 0)]:
        async with parts.units.begin() as unit:
            if await keep_draft_photo(unit, file, spool_bytes=parts.settings.spool_bytes):
                kept.append(draft_text(parts.form_key, file.photo_id))
    return replace(form, files=(), drafts=tuple(kept))


def _takable(files: tuple[PhotoFile, ...], limits: PhotoLimits) -> list[PhotoFile]:
    return [file for file in files if len(file.content) <= limits.bytes]


async def _page(
    parts: Parts,
    request: Request,
    reception: Reception,
    form: TypedForm,
    *,
    errors: FormErrors | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    view = form.view or whole_region(reception.area)
    category = reception.catalogue.categories.get(form["service_code"])
    language = parts.pages.language_of(request)
    return parts.pages.render(
        request,
        "melden.html",
        status=status,
        headers=headers,
        form=form,
        errors=errors or FormErrors(),
        token=form.token or new_form_token(),
        groups=reception.catalogue.grouped(language),
        category=category,
        asked=await _ask(parts, reception, form, category, language),
        preview=mask_personal_data(form["description"]) if form.step == PREVIEW else None,
        picture=picture_address(view, form.lat, form.long),
        picture_size=MAP_SIZE,
        view=view.fields,
        stylesheet=stylesheet_address(reception.revision),
        honeypot=HONEYPOT,
        question_field=question_field,
        maximum=parts.settings.photos_per_report,
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """Routing was asked who is responsible. ``hint`` is empty while it does not answer."""

    hint: Hint | None


async def _ask(
    parts: Parts, reception: Reception, form: TypedForm, category: Category | None, language: str
) -> Asked | None:
    """Who is responsible, once a place of ours is known (scripts ask for themselves)."""
    try:
        place = check_place(form.lat, form.long, reception.area.covers)
    except SubmissionRefused:
        return None
    hint = await parts.responsibility.ask(
        place,
        category=category.slug if category else None,
        language=language,
        accuracy_m=read_accuracy(form["accuracy_m"]),
        asset_id=_number(form["asset_id"]),
    )
    return Asked(hint)


def _number(typed: str) -> str | None:
    """The number on an asset; one that cannot be one is told when the report is sent."""
    try:
        return clean_text(typed, max_length=LONGEST_ASSET_ID) or None
    except TextRefused:
        return None
