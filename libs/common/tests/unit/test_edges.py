"""Around every route: an id, a trace, a log line, a count, and an answer whatever happens."""

import errno
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import httpx
import pytest
import structlog
from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.staticfiles import StaticFiles
from opentelemetry import trace
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.responses import HTMLResponse, StreamingResponse

from melder_common.edges import install_edges
from melder_common.geo import Latitude, Longitude
from melder_common.health import Health
from melder_common.idempotency import KeyReused
from melder_common.problems import Problem
from melder_common.settings import ServiceSettings
from melder_common.telemetry import outgoing_headers
from melder_common.text import LongText


class FakeEngine:
    """Only readiness asks it; these tests add their own conditions."""

    def connect(self) -> Any:
        raise ConnectionRefusedError


class NewReport(BaseModel):
    lat: Latitude
    long: Longitude
    description: LongText


class DriverError(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__("Key (email)=(erika@muster.example) already exists")
        self.sqlstate = sqlstate


router = APIRouter()


@router.get("/reports/{number}/{token}")
async def read(number: str, token: str, request: Request) -> dict[str, Any]:
    return {
        "client": request.client.host if request.client else None,
        "scheme": request.url.scheme,
        "number": number,
        "trace": outgoing_headers(),
        "span": trace.get_current_span().get_span_context().is_valid,
    }


@router.post("/reports")
async def submit(report: NewReport) -> NewReport:
    return report


@router.get("/near")
async def near(lat: Annotated[Latitude, Query()], long: Annotated[Longitude, Query()]) -> float:
    return lat + long


@router.get("/gone")
async def gone() -> None:
    raise Problem(410, "report-erased", "Erased", "It was erased.", members={"number": "X"})


@router.get("/twice")
async def twice() -> None:
    raise KeyReused("used")


@router.get("/broken")
async def broken() -> None:
    raise ZeroDivisionError("secret erika@muster.example")


@router.get("/breaks-off")
async def breaks_off() -> StreamingResponse:
    async def half() -> AsyncIterator[bytes]:
        yield b"half"
        raise ZeroDivisionError

    return StreamingResponse(half())


@router.get("/database/{sqlstate}")
async def database(sqlstate: str) -> None:
    match sqlstate:
        case "refused":
            raise ConnectionRefusedError
        case "pool":
            raise PoolTimeoutError("all in use")
        case "disk" | "quota" | "descriptors":
            kind = {"disk": errno.ENOSPC, "quota": errno.EDQUOT, "descriptors": errno.EMFILE}
            raise OSError(kind[sqlstate], "on our own disk")
        case "lost":
            raise OperationalError("SELECT 1", {}, Exception(), connection_invalidated=True)
    raise DBAPIError("SELECT 1", {"x": "erika"}, DriverError(sqlstate))


def service(tmp_path: Path) -> Any:
    settings = ServiceSettings(
        database_url="postgresql+asyncpg://melder@localhost/melder",
        public_url="http://127.0.0.1:8000",
        port=8000,
        internal_token_file=tmp_path / "token",
        trusted_proxies=("10.0.0.0/8",),
    )
    return SimpleNamespace(name="probe", settings=settings, engine=FakeEngine())


def page(_request: Request, problem: Problem) -> Response:
    return HTMLResponse(f"<h1>{problem.title}</h1>", problem.status)


async def special(_request: Request, problem: Problem) -> Response:
    return Response(f"<errors>{problem.status}</errors>", problem.status, media_type="text/xml")


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    app = FastAPI()
    app.include_router(router)
    outer = APIRouter(prefix="/outer")
    outer.include_router(router, prefix="/inner")
    app.include_router(outer)
    install_edges(
        app,
        service(tmp_path),
        render_page=page,
        problems_by_path={"/open311": special},
    )
    app.mount("/static", StaticFiles(directory=tmp_path))
    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, client=("10.1.2.3", 40000))
    async with httpx.AsyncClient(transport=transport, base_url="http://melder") as client:
        yield client


@pytest.fixture
def log() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs(
        processors=[structlog.contextvars.merge_contextvars]
    ) as lines:
        yield lines


def is_problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    document: dict[str, Any] = response.json()
    assert (document["status"], document["code"]) == (status, code)
    assert document["type"] == f"urn:problem-type:melder:{code}"
    assert document["title"]
    return document


async def test_every_answer_has_an_id_and_a_log_line_without_the_path(
    client: httpx.AsyncClient, log: list[Any]
) -> None:
    answer = await client.get("/reports/K7M4Q2X8/geheim?key=stumm")
    assert len(answer.headers["x-request-id"]) == 36
    kept = await client.get("/reports/1/2", headers={"X-Request-ID": "gateway-12345"})
    assert kept.headers["x-request-id"] == "gateway-12345"
    forged = await client.get("/reports/1/2", headers={"X-Request-ID": "a b <script>"})
    assert len(forged.headers["x-request-id"]) == 36
    assert [line["request_id"] for line in log] == [
        reply.headers["x-request-id"] for reply in (answer, kept, forged)
    ]
    assert log[0]["route"] == "/reports/{number}/{token}"
    assert "geheim" not in json.dumps(log, default=str)
    assert "stumm" not in json.dumps(log, default=str)


async def test_requests_are_counted_by_route_template(client: httpx.AsyncClient) -> None:
    await client.get("/reports/1/2")
    await client.get("/reports/3/4")
    await client.get("/outer/inner/near?lat=1&long=2")
    await client.head("/outer/inner/near?lat=1&long=2")
    await client.request("BREW", "/coffee")
    await client.get("/nowhere/5")
    await client.get("/static/missing.css")
    text = (await client.get("/metrics")).text
    counted = 'melder_http_requests_total{method="GET",route="%s",status="%s"} %s'
    assert counted % ("/reports/{number}/{token}", 200, "2.0") in text
    assert counted % ("/outer/inner/near", 200, "1.0") in text
    assert 'method="HEAD",route="/outer/inner/near",status="200"} 1.0' in text
    assert 'method="other",route="unmatched"' in text
    assert "BREW" not in text
    assert counted % ("unmatched", 404, "1.0") in text
    assert counted % ("/static/*", 404, "1.0") in text
    assert "/nowhere" not in text


async def test_a_trace_goes_on_to_the_next_service(client: httpx.AsyncClient) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = await client.get("/reports/1/2", headers={"traceparent": parent})
    assert answer.json()["trace"]["traceparent"].startswith(parent[:35])
    without = (await client.get("/reports/1/2", headers={"traceparent": "nonsense"})).json()
    assert without["trace"] == {}
    assert without["span"] is False


async def test_forwarded_headers_count_from_trusted_proxies_only(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    headers = {
        "X-Forwarded-For": "6.6.6.6, 203.0.113.7, 10.9.9.9",
        "X-Forwarded-Proto": "https",
    }
    answer = (await client.get("/reports/1/2", headers=headers)).json()
    assert (answer["client"], answer["scheme"]) == ("203.0.113.7", "https")
    stranger = httpx.ASGITransport(app, client=("198.51.100.1", 1))
    async with httpx.AsyncClient(transport=stranger, base_url="http://melder") as outside:
        answer = (await outside.get("/reports/1/2", headers=headers)).json()
    assert (answer["client"], answer["scheme"]) == ("198.51.100.1", "http")


async def test_wrong_fields_are_named_with_code_and_remedy(client: httpx.AsyncClient) -> None:
    body = '{"lat": NaN, "long": "12,1", "description": "a\\u0000"}'
    answer = await client.post(
        "/reports", content=body, headers={"Content-Type": "application/json"}
    )
    document = is_problem(answer, 422, "invalid-input")
    assert {(error["field"], error["code"]) for error in document["errors"]} == {
        ("lat", "coordinate_not_finite"),
        ("long", "coordinate_comma"),
        ("description", "text_control"),
    }
    assert document["detail"] == "Please correct: lat, long, description."
    missing = is_problem(await client.get("/near?lat=54"), 422, "invalid-input")
    assert missing["errors"][0]["field"] == "long"
    surrogate = await client.post(
        "/reports",
        content=b'{"lat": 54, "long": 12, "description": "\\ud83d"}',
        headers={"Content-Type": "application/json"},
    )
    assert is_problem(surrogate, 422, "invalid-input")["errors"][0]["code"] == "text_surrogate"


@pytest.mark.parametrize(
    "body", [b"{", b"\xff\xfe", b'{"lat": 1', b"[" * 100_000, b'"\\ud800"', b'{"\\ud800": 1}']
)
async def test_broken_json_is_a_client_problem(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post(
        "/reports", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


async def test_what_was_typed_is_not_echoed(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/reports", json={"lat": "erika@muster.example", "long": 12, "description": "x"}
    )
    assert "erika" not in answer.text


async def test_missing_pages_and_methods(client: httpx.AsyncClient) -> None:
    is_problem(await client.get("/nowhere"), 404, "not-found")
    answer = await client.delete("/near")
    is_problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "GET"


async def test_people_get_pages_and_open311_its_own_documents(client: httpx.AsyncClient) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    shown = await client.get("/gone", headers=browser)
    assert (shown.status_code, shown.text) == (410, "<h1>Erased</h1>")
    script = {"Accept": "application/json, text/html;q=0.5"}
    document = is_problem(await client.get("/gone", headers=script), 410, "report-erased")
    assert document["number"] == "X"
    is_problem(await client.get("/gone", headers={"Accept": "text/html;q=0"}), 410, "report-erased")
    special_answer = await client.get("/open311/v2/nothing", headers=browser)
    assert special_answer.text == "<errors>404</errors>"


async def test_unexpected_errors_tell_nothing_of_our_inside(
    client: httpx.AsyncClient, log: list[Any]
) -> None:
    answer = await client.get("/broken")
    document = is_problem(answer, 500, "unexpected")
    assert "X-Request-ID" in document["detail"]
    assert "erika" not in answer.text
    assert [line["log_level"] for line in log] == ["error", "info"]
    assert log[0]["request_id"] == answer.headers["x-request-id"]


async def test_a_started_answer_is_broken_off(client: httpx.AsyncClient) -> None:
    with pytest.raises(ZeroDivisionError):
        await client.get("/breaks-off")


@pytest.mark.parametrize(
    "trouble",
    [
        "refused",
        "pool",
        "lost",
        "disk",
        "quota",
        "descriptors",
        "57P01",
        "57P03",
        "08006",
        "53100",
        "53300",
        "40001",
        "40P01",
        "55P03",
        "57014",
    ],
)
async def test_database_trouble_says_try_again(client: httpx.AsyncClient, trouble: str) -> None:
    answer = await client.get(f"/database/{trouble}")
    is_problem(answer, 503, "temporarily-unavailable")
    assert int(answer.headers["retry-after"]) > 0


async def test_data_that_slipped_through_is_still_no_500(client: httpx.AsyncClient) -> None:
    is_problem(await client.get("/database/22021"), 422, "invalid-input")
    answer = await client.get("/database/23505")
    is_problem(answer, 500, "unexpected")
    assert "erika" not in answer.text


async def test_keys_used_twice_are_a_conflict(client: httpx.AsyncClient) -> None:
    is_problem(await client.get("/twice"), 409, "idempotency-key-reused")


async def test_head_is_get_without_a_body(client: httpx.AsyncClient) -> None:
    answer = await client.head("/reports/1/2")
    assert answer.status_code == 200
    assert answer.content == b""
    assert int(answer.headers["content-length"]) > 0


async def test_liveness_watches_tasks_and_readiness_conditions(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    health: Health = app.state.health
    assert (await client.get("/healthz/live")).json() == {"alive": True, "dead": []}
    health.watch("relay", lambda: False)
    answer = await client.get("/healthz/live")
    assert (answer.status_code, answer.json()["dead"]) == (503, ["relay"])
    answer = await client.get("/healthz/ready")
    assert (answer.status_code, answer.json()["missing"]) == (503, ["database"])

    async def complete() -> bool:
        return False

    health.require("catalogue", complete)
    assert (await client.get("/healthz/ready")).json()["missing"] == ["database", "catalogue"]
    health.draining = True
    assert (await client.get("/healthz/ready")).json()["missing"] == ["draining"]


async def test_gauges_are_refreshed_before_they_are_read(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    from prometheus_client import Gauge

    gauge = Gauge("melder_lag", "Lag.", registry=app.state.metrics.registry)

    async def refresh() -> None:
        gauge.set(7)

    app.state.metrics.before_scrape(refresh)
    assert "melder_lag 7.0" in (await client.get("/metrics")).text
