"""Problems on the desk's pages: the desk's own shell, and a way back to the lists."""

from starlette.requests import Request
from starlette.responses import Response

from melder_common.problems import Problem, Render
from melder_web import Pages
from melder_web.kept_forms import SEND_AGAIN, find_kept_form
from melder_web.page_problems import ADVICE, PageProblem

NO_SUCH_CASE = "Öffnen Sie den Fall aus Ihrer Liste. Vielleicht liegt er jetzt an anderer Stelle."


def render_desk_problem(pages: Pages) -> Render:
    """The hook for everything under ``/desk``; details are shown only when written for people."""

    def render(request: Request, problem: Problem) -> Response:
        kept = find_kept_form(request)
        advice = ADVICE.get(problem.status) or ADVICE[400 if problem.status < 500 else 500]
        return pages.render(
            request,
            "desk/problem.html",
            status=problem.status,
            headers=problem.headers,
            headline=_headline(problem) or advice.headline,
            detail=problem.detail if isinstance(problem, PageProblem) else "",
            next_step=NO_SUCH_CASE if problem.status == 404 else advice.next_step,
            signed_out=problem.status == 401,
            typed_something=request.method == "POST" and kept is None,
            kept_form=kept,
            send_again=problem.status in SEND_AGAIN,
        )

    return render


def _headline(problem: Problem) -> str:
    return {
        401: "Ihre Sitzung ist beendet",
        404: "Diesen Fall finden wir nicht",
    }.get(problem.status, "")
