"""``/api/region.geojson`` on the demo region: what the maps of all pages draw."""

import httpx
import pytest
from fastapi import FastAPI
from shapely.geometry import shape
from sqlalchemy.ext.asyncio import create_async_engine

from melder_common.problems import install_problem_handlers
from melder_common.testing.postgres import PostgresCluster
from melder_routing.http.region_outline import region_outline_routes

pytestmark = pytest.mark.integration


async def ask(url: str, **headers: str) -> httpx.Response:
    engine = create_async_engine(url)
    app = FastAPI()
    install_problem_handlers(app)
    app.include_router(region_outline_routes(engine))
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://test"
        ) as client:
            return await client.get("/api/region.geojson", headers=named)
    finally:
        await engine.dispose()


async def test_the_region_is_drawn_with_names_and_sources(
    demo_database: str, postgres: PostgresCluster
) -> None:
    url = postgres.url(demo_database, "routing_desk")
    answer = await ask(url, accept_encoding="gzip")
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < 90_000
    drawing = answer.json()
    assert "GeoBasis-DE" in drawing["attribution"]
    names = {feature["properties"]["name"] for feature in drawing["features"]}
    assert {"Broderstorf", "Güstrow"} <= names
    (region,) = [one for one in drawing["features"] if one["properties"]["region"]]
    border = shape(region["geometry"])
    for feature in drawing["features"]:
        assert shape(feature["geometry"]).within(border.buffer(0.01)), feature["properties"]

    again = await ask(url, if_none_match=answer.headers["etag"])
    assert again.status_code == 304
    plain = await ask(url, accept_encoding="identity")
    assert plain.json() == drawing
