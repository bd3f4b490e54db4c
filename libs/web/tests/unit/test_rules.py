"""Rules of every answer: headers, cross-site writes, files, error pages."""

from collections.abc import Mapping

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from melder_common.problems import FieldError, Problem
from melder_web import FormErrors, Pages, new_form_token
from melder_web.cross_site import is_cross_site
from melder_web.forms import is_form_token
from melder_web.page_problems import ADVICE, PageProblem, render_page
from melder_web.security import SecurityHeaders, content_security_policy

HTML = {"accept": "text/html"}


async def ask(
    app: FastAPI, method: str, path: str, headers: Mapping[str, str], scheme: str = "http"
) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    base = f"{scheme}://testserver"
    async with httpx.AsyncClient(transport=transport, base_url=base) as client:
        return await client.request(method, path, headers=headers)


async def test_every_answer_carries_the_headers(kitchen_app: FastAPI) -> None:
    for path in ("/melden", "/static/none.css", "/nichts", "/api/region.geojson"):
        answer = await ask(kitchen_app, "GET", path, HTML)
        assert answer.headers["content-security-policy"] == content_security_policy()
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["permissions-policy"].startswith("geolocation=(self)")
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "strict-transport-security" not in answer.headers


async def test_addresses_that_are_secrets_are_never_referred_to(kitchen_app: FastAPI) -> None:
    for path in ("/m/K7M4Q2XB/token", "/me/confirm/token", "/fall/token"):
        answer = await ask(kitchen_app, "GET", path, HTML)
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"


async def test_what_an_answer_says_itself_is_not_overruled() -> None:
    app = FastAPI()
    app.add_middleware(SecurityHeaders)

    @app.get("/")
    def show() -> Response:
        return Response(headers={"Referrer-Policy": "no-referrer"})

    answer = await ask(app, "GET", "/", HTML)
    assert answer.headers.get_list("referrer-policy") == ["no-referrer"]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_hsts_is_said_over_https_only(kitchen_app: FastAPI) -> None:
    answer = await ask(kitchen_app, "GET", "/melden", HTML, scheme="https")
    assert "max-age=31536000" in answer.headers["strict-transport-security"]


def test_the_policy_lets_nothing_inline_or_foreign_in() -> None:
    policy = content_security_policy()
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "http" not in policy
    with_map = content_security_policy(map_hosts=["https://tiles.example"])
    assert "img-src 'self' data: blob: https://tiles.example" in with_map
    assert "script-src 'self';" in with_map


@pytest.mark.parametrize(
    ("path", "headers", "refused"),
    [
        ("/melden", {"sec-fetch-site": "same-origin"}, False),
        ("/melden", {"sec-fetch-site": "none"}, False),
        ("/melden", {"sec-fetch-site": "cross-site"}, True),
        ("/melden", {"sec-fetch-site": "same-site"}, True),
        ("/melden", {"origin": "http://testserver"}, False),
        ("/melden", {"origin": "http://evil.example"}, True),
        ("/melden", {"origin": "http://testserver.evil.example"}, True),
        ("/melden", {"origin": "null"}, True),
        ("/m/K7M4Q2XB/token", {"origin": "null"}, False),
        ("/melden", {}, False),
        ("/open311/v2/requests.json", {"origin": "http://evil.example"}, False),
    ],
)
async def test_cross_site_writes_are_refused(
    kitchen_app: FastAPI, path: str, headers: dict[str, str], *, refused: bool
) -> None:
    answer = await ask(kitchen_app, "POST", path, {**HTML, **headers})
    assert (answer.status_code == 403) is refused
    if refused:
        assert "fremden Seite" in answer.text
        assert answer.headers["content-security-policy"]


def test_reading_is_never_cross_site() -> None:
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "headers": [(b"sec-fetch-site", b"cross-site")],
    }
    assert not is_cross_site(Request(scope))


@pytest.mark.parametrize("status", sorted(ADVICE))
async def test_problems_become_pages_that_say_what_to_do(pages: Pages, status: int) -> None:
    app = FastAPI()
    render = render_page(pages)

    @app.get("/problem")
    def show(request: Request) -> object:
        problem = Problem(status, "x", detail="internal words", headers={"Retry-After": "5"})
        return render(request, problem)

    answer = await ask(app, "GET", "/problem", HTML)
    assert answer.status_code == status
    assert answer.headers["retry-after"] == "5"
    assert ADVICE[status].next_step.split(".")[0] in answer.text
    assert "internal words" not in answer.text


async def test_a_page_problem_speaks_to_the_person(pages: Pages) -> None:
    app = FastAPI()
    render = render_page(pages)

    @app.post("/problem")
    def show(request: Request) -> object:
        errors: list[FieldError] = [{"field": "email", "message": "Die Adresse fehlt."}]
        problem = PageProblem(418, "x", detail="Der Tee ist kalt.", errors=errors)
        return render(request, problem)

    answer = await ask(app, "POST", "/problem", HTML)
    assert "Der Tee ist kalt." in answer.text
    assert "Die Adresse fehlt." in answer.text
    assert "Ihre Eingaben sind nicht verloren" in answer.text


async def test_static_files_are_compressed_and_kept(kitchen_app: FastAPI, pages: Pages) -> None:
    path = pages.assets["app.css"].url
    plain = await ask(kitchen_app, "GET", path, {"accept-encoding": "identity"})
    small = await ask(kitchen_app, "GET", path, {"accept-encoding": "gzip, br"})
    assert small.headers["content-encoding"] == "br"
    assert (
        small.headers["content-type"] == plain.headers["content-type"] == "text/css; charset=utf-8"
    )
    assert small.content == plain.content
    assert "immutable" in small.headers["cache-control"]
    assert "accept-encoding" in small.headers["vary"].lower()
    assert int(small.headers["content-length"]) < len(plain.content) / 5


@pytest.mark.parametrize("path", ["manifest.json", "stamp.json", "../pages.py", "none.js"])
async def test_only_built_files_are_served(kitchen_app: FastAPI, path: str) -> None:
    answer = await ask(kitchen_app, "GET", f"/static/{path}", {})
    assert answer.status_code == 404


def test_form_errors_keep_the_first_message_and_the_order() -> None:
    errors = FormErrors.from_problem(
        [
            {"field": "b", "message": "erste"},
            {"field": "a", "message": "zweite"},
            {"field": "b", "message": "dritte"},
        ]
    )
    assert list(errors.items()) == [("b", "erste"), ("a", "zweite")]
    assert not FormErrors()


def test_form_tokens_are_random_and_recognised() -> None:
    tokens = {new_form_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(is_form_token(token) for token in tokens)
    assert not is_form_token("short")
    assert not is_form_token("A" * 22 + "\n")
