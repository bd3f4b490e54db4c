"""Plain routes: told to OpenAPI as any other, called with the request and the texts of the path."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Path, Request, Response
from fastapi.routing import APIRoute

from melder_common.plain_route import PlainRoute

Endpoint = Callable[..., Awaitable[Any]]


async def echo(request: Request, form: Annotated[str, Path(description="xml or json")]) -> Response:
    return Response(f"{request.method} {form} {request.query_params}", 201)


def app_with(endpoint: Endpoint, route_class: type[APIRoute] = PlainRoute) -> FastAPI:
    inner = APIRouter(route_class=route_class)
    inner.add_api_route("/things.{form}", endpoint, methods=["POST"])
    router = APIRouter(prefix="/v2")
    router.include_router(inner)
    app = FastAPI()
    app.include_router(router)
    return app


async def test_it_answers_below_included_routers() -> None:
    transport = httpx.ASGITransport(app_with(echo))
    async with httpx.AsyncClient(transport=transport, base_url="http://melder") as client:
        answer = await client.post("/v2/things.xml?a=1")
        assert (answer.status_code, answer.text) == (201, "POST xml a=1")
        assert (await client.get("/v2/things.xml")).status_code == 405


def test_openapi_tells_it_as_any_other_route() -> None:
    plain, usual = app_with(echo), app_with(echo, APIRoute)
    assert plain.openapi() == usual.openapi()


async def no_request(form: str) -> Response:
    return Response(form)


async def more(request: Request, form: str, page: int = 1) -> Response:
    return Response(f"{request.method} {form} {page}")


async def number(request: Request, form: int) -> Response:
    return Response(f"{request.method} {form}")


async def dependent(
    request: Request, form: str, key: Annotated[str, Depends(no_request)]
) -> Response:
    return Response(f"{request.method} {form} {key}")


@pytest.mark.parametrize("endpoint", [no_request, more, number, dependent])
def test_an_endpoint_that_wants_more_is_refused(endpoint: Endpoint) -> None:
    with pytest.raises(TypeError, match="a plain route takes"):
        app_with(endpoint)


def test_dependencies_of_its_own_are_refused() -> None:
    router = APIRouter(route_class=PlainRoute)
    with pytest.raises(TypeError, match="a plain route takes"):
        router.add_api_route("/things.{form}", echo, dependencies=[Depends(echo)])
