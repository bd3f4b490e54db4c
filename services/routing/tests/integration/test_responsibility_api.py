"""``/api/responsibility``: the decision as JSON, and readable answers to bad questions."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from melder_common.clock import utc_now
from melder_common.grants import generate_grant_keys
from melder_common.sealing import generate_period_key, period_of
from melder_common.testing.plugin import ServiceDatabase
from melder_common.testing.postgres import PostgresCluster
from melder_routing.main import build_app
from melder_routing.settings import RoutingSettings

pytestmark = pytest.mark.integration

VILLAGE = {"lat": "54.08", "long": "12.27"}


def build_settings(worker_url: str, desk_url: str, secrets: Path) -> RoutingSettings:
    secrets.mkdir(exist_ok=True)
    (secrets / "token").write_text("internal-secret")
    (secrets / "session").write_text("ab" * 32)
    (secrets / "links").write_text("cd" * 32)
    generate_grant_keys(secrets / "private.pem", secrets / "public.pem")
    if not (secrets / "sealing").exists():
        period = period_of(utc_now())
        generate_period_key(period, public_dir=secrets / "sealing", private_dir=secrets / "opening")
    return RoutingSettings(
        database_url=worker_url,
        desk_database_url=desk_url,
        public_url="http://127.0.0.1:8000",
        internal_token_file=secrets / "token",
        session_key_file=secrets / "session",
        grant_private_key_file=secrets / "private.pem",
        case_link_key_file=secrets / "links",
        sealing_public_dir=secrets / "sealing",
    )


def client_of(settings: RoutingSettings) -> httpx.AsyncClient:
    """Without its background work: these are questions only."""
    transport = httpx.ASGITransport(build_app(settings), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")


@pytest.fixture
async def api(
    demo_database: str, postgres: PostgresCluster, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    settings = build_settings(
        postgres.url(demo_database, "routing_worker"),
        postgres.url(demo_database, "routing_desk"),
        tmp_path / "secrets",
    )
    async with client_of(settings) as client:
        yield client


async def test_the_answer_names_bodies_place_and_reason(api: httpx.AsyncClient) -> None:
    answer = await api.get("/api/responsibility", params={**VILLAGE, "service_code": "waste-bulky"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body["status"] == "decided"
    assert body["responsible"] == {"slug": "landkreis-rostock", "name": "Landkreis Rostock"}
    assert body["working"]["slug"] == "landkreis-rostock"
    assert body["municipality"] == "Broderstorf"
    assert body["binding"] is False
    assert body["boundary_version"] == "vg250-2016-01-01"
    assert "weil Abfall dort seine Aufgabe ist" in body["reason"]


async def test_near_a_border_it_says_how_near_and_who(api: httpx.AsyncClient) -> None:
    answer = await api.get("/api/responsibility", params={"lat": "54.182733", "long": "12.225468"})
    body = answer.json()
    assert (body["border"], body["distance_m"]) == (True, 8.0)
    assert body["neighbour"]["slug"] == "roevershagen"
    assert body["reason"].startswith("Voraussichtlich zuständig ist")


@pytest.mark.parametrize(
    ("language", "opening"),
    [("en", "According to our data,"), ("en-GB", "According"), ("fr", "Nach unseren Daten")],
)
async def test_the_reason_comes_in_the_language_asked_for(
    api: httpx.AsyncClient, language: str, opening: str
) -> None:
    answer = await api.get("/api/responsibility", params={**VILLAGE, "language": language})
    assert answer.json()["reason"].startswith(opening)


async def test_outside_it_names_the_body_to_turn_to(api: httpx.AsyncClient) -> None:
    answer = await api.get("/api/responsibility", params={"lat": "53.97", "long": "11.5"})
    body = answer.json()
    assert (body["status"], body["responsible"], body["working"]) == ("outside", None, None)
    assert body["serving_body"] == {
        "slug": "landkreis-nordwestmecklenburg",
        "name": "Landkreis Nordwestmecklenburg",
        "contact": "Landkreis Nordwestmecklenburg, Behördennummer 115",
    }


@pytest.mark.parametrize(
    ("params", "field", "words"),
    [
        ({"long": "12.27"}, "lat", "missing"),
        ({"lat": "54.08", "long": ""}, "long", "missing"),
        ({}, "lat", "missing"),
        ({"lat": "NaN", "long": "12.27"}, "lat", "finite"),
        ({"lat": "54.08", "long": "1e999"}, "long", "finite"),
        ({"lat": "-inf", "long": "12.27"}, "lat", "finite"),
        ({"lat": "54,08", "long": "12.27"}, "lat", "comma"),
        ({"lat": "true", "long": "12.27"}, "lat", "not a number"),
        ({"lat": "91", "long": "12.27"}, "lat", "between -90 and 90"),
        ({"lat": "12.27", "long": "54.08"}, "lat", "swapped"),
        ({**VILLAGE, "service_code": "potole"}, "service_code", "no category"),
        ({**VILLAGE, "accuracy_m": "nan"}, "accuracy_m", "metres"),
        ({**VILLAGE, "accuracy_m": "-1"}, "accuracy_m", "metres"),
    ],
)
async def test_a_bad_question_gets_a_problem_that_names_the_field(
    api: httpx.AsyncClient, params: dict[str, str], field: str, words: str
) -> None:
    answer = await api.get("/api/responsibility", params=params)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    errors = {error["field"]: error["message"] for error in answer.json()["errors"]}
    assert words in errors[field]


@pytest.mark.parametrize("spoiled", ["lat", "service_code", "language"])
async def test_nul_bytes_are_refused(api: httpx.AsyncClient, spoiled: str) -> None:
    answer = await api.get("/api/responsibility", params={**VILLAGE, spoiled: "5\x00"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


async def test_intake_asks_the_same_with_its_token_only(api: httpx.AsyncClient) -> None:
    public = await api.get("/api/responsibility", params=VILLAGE)
    headers = {"Authorization": "Bearer internal-secret"}
    internal = await api.get("/internal/responsibility", params=VILLAGE, headers=headers)
    assert (internal.status_code, internal.json()) == (200, public.json())
    for wrong in ({}, {"Authorization": "Bearer nope"}):
        refused = await api.get("/internal/responsibility", params=VILLAGE, headers=wrong)
        assert refused.status_code == 401


async def test_whoever_asks_too_often_is_told_when_to_come_back(
    demo_database: str, postgres: PostgresCluster, tmp_path: Path
) -> None:
    settings = build_settings(
        postgres.url(demo_database, "routing_worker"),
        postgres.url(demo_database, "routing_desk"),
        tmp_path / "secrets",
    ).model_copy(update={"questions_per_client": "2/hour"})
    async with client_of(settings) as client:
        answers = [await client.get("/api/responsibility", params=VILLAGE) for _ in range(3)]
        headers = {"Authorization": "Bearer internal-secret"}
        internal = await client.get("/internal/responsibility", params=VILLAGE, headers=headers)
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["retry-after"]) > 0
    assert internal.status_code == 200


async def test_before_the_first_apply_it_is_not_there_yet(
    service_database: ServiceDatabase, tmp_path: Path
) -> None:
    worker = await service_database("routing", role="routing_worker")
    desk = worker.replace("routing_worker@", "routing_desk@")
    async with client_of(build_settings(worker, desk, tmp_path / "secrets")) as client:
        answer = await client.get("/api/responsibility", params=VILLAGE)
    assert answer.status_code == 503
    assert "melder apply" in answer.json()["detail"]


INTERNAL = {"Authorization": "Bearer internal-secret"}


async def services(api: httpx.AsyncClient, **query: str) -> dict[str, dict[str, str] | None]:
    answer = await api.get("/internal/services", params=query, headers=INTERNAL)
    assert answer.status_code == 200, answer.text
    found: dict[str, dict[str, str] | None] = answer.json()["services"]
    return found


async def test_services_at_a_place_are_decided_as_one_by_one(api: httpx.AsyncClient) -> None:
    found = await services(api, **VILLAGE)
    assert found["waste-bulky"] == {"slug": "landkreis-rostock", "name": "Landkreis Rostock"}
    for slug in list(found)[:5]:
        one = await api.get("/api/responsibility", params={**VILLAGE, "service_code": slug})
        assert one.json()["responsible"] == found[slug], slug
    assert await services(api, lat="52.52", long="13.4") == {}


async def test_a_body_has_the_services_it_may_be_responsible_for(api: httpx.AsyncClient) -> None:
    village = await services(api, body="broderstorf")
    county = await services(api, body="landkreis-rostock")
    assert village
    assert "waste-bulky" in county
    assert "waste-bulky" not in village
    assert await services(api, body="nobody") == {}


async def test_services_are_told_to_intake_only(api: httpx.AsyncClient) -> None:
    assert (await api.get("/internal/services", params=VILLAGE)).status_code == 401
    bad = await api.get("/internal/services", params={"lat": "x"}, headers=INTERNAL)
    assert bad.status_code == 422
