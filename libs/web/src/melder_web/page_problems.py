"""Problems as pages: what happened, what to do next, and a way back to what was typed.

``render_page`` is the hook of ``melder_common.problems.install_problem_handlers``. Problems are
written for developers, in English; one that people shall read is a ``PageProblem``.
"""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from melder_common.problems import Problem
from melder_web.forms import FormErrors
from melder_web.kept_forms import SEND_AGAIN, find_kept_form
from melder_web.pages import Pages


class PageProblem(Problem):
    """A problem whose detail and field messages are German sentences for the person who asked.

    Pages show them in the asker's language where a catalogue has them.
    """


@dataclass(frozen=True)
class Advice:
    """Headline and next step for one status, in German (message ids)."""

    headline: str
    next_step: str


ADVICE = {
    400: Advice(
        "Das konnten wir nicht lesen",
        "Bitte gehen Sie zurück, prüfen Sie Ihre Angaben und senden Sie sie noch einmal.",
    ),
    403: Advice(
        "Das dürfen wir so nicht annehmen",
        "Bitte öffnen Sie unsere Seite neu und senden Sie das Formular von dort.",
    ),
    404: Advice(
        "Diese Seite gibt es nicht",
        "Prüfen Sie die Adresse oder beginnen Sie auf der Startseite. "
        "Eine Meldung finden Sie mit dem Link aus Ihrer Bestätigung.",
    ),
    405: Advice(
        "So lässt sich diese Seite nicht aufrufen",
        "Bitte gehen Sie zurück und benutzen Sie die Knöpfe auf der Seite.",
    ),
    409: Advice(
        "Das passt nicht mehr zum heutigen Stand",
        "Jemand anders war schneller oder Sie haben schon gesendet. "
        "Bitte gehen Sie zurück, laden Sie die Seite neu und sehen Sie nach.",
    ),
    413: Advice(
        "Die Datei ist zu groß",
        "Bitte gehen Sie zurück und wählen Sie ein kleineres Foto. "
        "Sie können auch ohne Foto melden.",
    ),
    422: Advice(
        "Einige Angaben fehlen oder stimmen nicht",
        "Bitte gehen Sie zurück und ergänzen Sie die genannten Angaben.",
    ),
    429: Advice(
        "Gerade kommen sehr viele Anfragen",
        "Bitte warten Sie einen Augenblick und senden Sie dann noch einmal.",
    ),
    500: Advice(
        "Das hat bei uns nicht geklappt",
        "Der Fehler liegt bei uns. Bitte versuchen Sie es in einigen Minuten noch einmal.",
    ),
    503: Advice(
        "Wir sind gleich wieder da",
        "Der Dienst ist gerade nicht erreichbar. Bitte versuchen Sie es in einigen Minuten wieder.",
    ),
}
"""For each status what a person reads; other statuses read as 400 (below 500) or 500."""

ADVICE_FOR_KIND = {
    "unknown-number": Advice(
        "Diese Meldung finden wir nicht",
        "Die Nummer steht in Ihrer Bestätigung. Noch schneller geht es mit dem Link daraus.",
    ),
    "unknown-link": Advice(
        "Dieser Link stimmt nicht",
        "Vermutlich fehlt ein Stück. Bitte öffnen Sie den Link in Ihrer Nachricht noch einmal oder "
        "kopieren Sie ihn ganz, auch wenn er über zwei Zeilen geht.",
    ),
}
"""Kinds of problem (type slugs) that deserve better words than their status has."""


def _advice(problem: Problem) -> Advice:
    found = ADVICE_FOR_KIND.get(problem.type_slug) or ADVICE.get(problem.status)
    return found or ADVICE[400 if problem.status < 500 else 500]


def _says_more(problem: Problem, advice: Advice) -> bool:
    return problem.detail.removesuffix(".") not in {"", advice.headline}


def render_page(pages: Pages) -> Callable[[Request, Problem], Response]:
    """The hook that turns a problem into a page of ``pages``, keeping status and field errors."""

    def render(request: Request, problem: Problem) -> Response:
        advice = _advice(problem)
        written = isinstance(problem, PageProblem)
        kept = find_kept_form(request)
        say = pages.words_for(request)
        found = FormErrors.from_problem(problem.errors) if written else FormErrors()
        return pages.render(
            request,
            "melder/problem.html",
            status=problem.status,
            advice=advice,
            headers=problem.headers,
            detail=say(problem.detail) if written and _says_more(problem, advice) else "",
            errors=FormErrors({field: say(message) for field, message in found.items() if message}),
            typed_something=request.method == "POST" and kept is None,
            kept_form=kept,
            send_again=problem.status in SEND_AGAIN,
        )

    return render
