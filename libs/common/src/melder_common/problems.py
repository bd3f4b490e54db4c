"""Errors as answers: RFC 9457 problem documents, or a page for people. Never a bare 500."""

import http
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypedDict

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from melder_common.database import is_bad_data, is_unavailable
from melder_common.idempotency import KeyRefused, KeyReused

PROBLEM_JSON = "application/problem+json"
TYPE_PREFIX = "urn:problem-type:melder:"

_log = structlog.get_logger("melder.problems")


class FieldError(TypedDict, total=False):
    """What is wrong with one field; ``code`` is for machines and translations."""

    field: str
    message: str
    code: str


class Problem(HTTPException):
    """An answer that says what went wrong and what helps.

    ``type_slug`` names the kind of problem for machines; ``title`` is the same for all of its
    kind, ``detail`` speaks of this one; ``members`` are added to the document.
    """

    def __init__(
        self,
        status: int,
        type_slug: str,
        title: str | None = None,
        detail: str | None = None,
        errors: Sequence[FieldError] = (),
        *,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(status, detail or "", dict(headers or {}))
        self.status = status
        self.type_slug = type_slug
        self.title = title or _phrase(status)
        self.errors = tuple(errors)
        self.members = dict(members or {})

    def document(self) -> dict[str, Any]:
        """The members of the problem document (RFC 9457 §3)."""
        document: dict[str, Any] = {
            "type": TYPE_PREFIX + self.type_slug,
            "title": self.title,
            "status": self.status,
            "code": self.type_slug,
        }
        if self.detail:
            document["detail"] = self.detail
        if self.errors:
            document["errors"] = [dict(error) for error in self.errors]
        return document | self.members


Render = Callable[[Request, Problem], Response | Awaitable[Response]]


def problem_response(problem: Problem) -> Response:
    """The problem as ``application/problem+json``, never cached."""
    return Response(
        orjson.dumps(problem.document(), option=orjson.OPT_NON_STR_KEYS),
        problem.status,
        headers={**(problem.headers or {}), "Cache-Control": "no-store", "Content-Language": "en"},
        media_type=PROBLEM_JSON,
    )


def install_problem_handlers(
    app: FastAPI,
    render_page: Render | None = None,
    *,
    by_path: Mapping[str, Render] | None = None,
) -> None:
    """Turn every error of ``app`` into an answer.

    ``by_path``: other renderers by path prefix (Open311 has documents of its own). Elsewhere
    ``render_page`` answers requests that prefer HTML; all others get a problem document.
    """
    renderers = tuple((by_path or {}).items())

    async def answer(request: Request, problem: Problem) -> Response:
        render = next(
            (render for prefix, render in renderers if request.url.path.startswith(prefix)), None
        )
        if render is None and render_page is not None and prefers_html(request):
            render = render_page
        if render is None:
            return problem_response(problem)
        rendered = render(request, problem)
        return rendered if isinstance(rendered, Response) else await rendered

    async def handle(request: Request, error: Exception) -> Response:
        return await answer(request, problem_of(error))

    for kind in (HTTPException, RequestValidationError, KeyReused, KeyRefused):
        app.add_exception_handler(kind, handle)
    app.state.answer_problem = handle


def problem_of(error: Exception) -> Problem:
    """The problem that tells a client of ``error`` without telling of our inside."""
    match error:
        case Problem():
            problem = error
        case RequestValidationError():
            problem = _invalid_input(error)
        case HTTPException():
            problem = _plain(error)
        case ClientDisconnect():
            problem = Problem(400, "client-disconnected", "Client disconnected")
        case KeyReused():
            problem = Problem(409, "idempotency-key-reused", "Key already used", str(error))
        case KeyRefused():
            problem = Problem(400, "idempotency-key-refused", "Key not usable", str(error))
        case _:
            problem = _unforeseen(error)
    return problem


def _unforeseen(error: Exception) -> Problem:
    if is_unavailable(error):
        _log.warning("temporarily_unavailable", error=error)
        return unavailable()
    if is_bad_data(error):
        _log.error("value_refused_by_database", error=error)
        return Problem(422, "invalid-input", "Invalid input", "A value cannot be stored.")
    _log.error("unexpected_error", exc_info=error)
    return Problem(
        500,
        "unexpected",
        "Unexpected error",
        "Something went wrong on our side. Try again; if it stays, tell the operator the id in "
        "the header X-Request-ID.",
    )


def unavailable(retry_after_s: int = 5) -> Problem:
    """503: the database is away, or there is no room left, here or there."""
    return Problem(
        503,
        "temporarily-unavailable",
        "Temporarily unavailable",
        "The service cannot do this at the moment. Try again in a few seconds.",
        headers={"Retry-After": str(retry_after_s)},
    )


def _plain(error: HTTPException) -> Problem:
    detail = error.detail if isinstance(error.detail, str) else ""
    phrase = _phrase(error.status_code)
    slug = phrase.lower().replace(" ", "-").replace("'", "")
    return Problem(
        error.status_code,
        slug,
        phrase,
        detail if detail != phrase else None,
        headers=error.headers,
    )


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def _invalid_input(error: RequestValidationError) -> Problem:
    found = [_field_error(problem) for problem in error.errors()]
    if any(problem.get("type") == "json_invalid" for problem in error.errors()):
        return Problem(400, "invalid-json", "Invalid JSON", "The body is no valid JSON.", found)
    names = ", ".join(dict.fromkeys(item["field"] for item in found))
    return Problem(422, "invalid-input", "Invalid input", f"Please correct: {names}.", found)


def _field_error(problem: Mapping[str, Any]) -> FieldError:
    where = [str(part) for part in problem.get("loc", ())]
    if len(where) > 1 and where[0] in {"body", "query", "path", "header", "cookie"}:
        where = where[1:]
    return {
        "field": _printable(".".join(where)),
        "message": _printable(str(problem.get("msg", "")).removeprefix("Value error, ")),
        "code": _printable(str(problem.get("type", "invalid"))),
    }


def _printable(text: str) -> str:
    """Names of fields come from the client: keep them short and encodable."""
    return text[:300].encode("utf-8", "backslashreplace").decode()


def prefers_html(request: Request) -> bool:
    """Whether the Accept header ranks ``text/html`` at least as high as JSON (RFC 9110 §12.5.1)."""
    accept = request.headers.get("accept", "")
    if "text/html" not in accept:
        return False
    ranks = _ranks(accept)
    html = ranks.get("text/html", 0.0)
    return html > 0 and html >= max(
        ranks.get("application/json", 0.0), ranks.get(PROBLEM_JSON, 0.0)
    )


def _ranks(accept: str) -> dict[str, float]:
    ranks = {}
    for part in accept.split(",")[:50]:
        kind, *parameters = part.split(";")
        rank = 1.0
        for parameter in parameters:
            name, _, value = parameter.strip().partition("=")
            if name == "q":
                try:
                    rank = min(max(float(value), 0.0), 1.0)
                except ValueError:
                    rank = 0.0
        ranks[kind.strip().lower()] = rank
    return ranks
