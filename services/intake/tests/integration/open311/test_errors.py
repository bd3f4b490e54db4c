"""Rule 7: every error in the format of the client, with 400, 403 or 404."""

from typing import Any

import pytest
from defusedxml.ElementTree import fromstring


@pytest.mark.parametrize(
    ("changes", "status", "named"),
    [
        ({"api_key": None}, 403, "api_key"),
        ({"api_key": "wrong"}, 403, "api_key"),
        ({"api_key": ""}, 403, "api_key"),
        ({"jurisdiction_id": "boston.gov"}, 404, "jurisdiction_id"),
        ({"service_code": "no-such"}, 404, "service_code"),
        ({"service_code": None}, 400, "service_code"),
        ({"lat": None, "long": None}, 400, "lat"),
        ({"lat": "NaN"}, 400, "lat"),
        ({"lat": "Infinity"}, 400, "lat"),
        ({"lat": "54,0887"}, 400, "lat"),
        ({"lat": "true"}, 400, "lat"),
        ({"lat": "0", "long": "0"}, 400, "lat"),
        ({"lat": "12.1405", "long": "54.0887"}, 400, "vertauscht"),
        ({"lat": "52.52", "long": "13.4"}, 400, "außerhalb"),
        ({"description": "a\x00b"}, 400, "description"),
        ({"description": "x" * 4001}, 400, "description"),
        ({"email": "x"}, 400, "email"),
        ({"media_url": "file:///etc/passwd"}, 400, "media_url"),
        ({"service_code": "light-broken"}, 400, "FAULT"),
        (
            {"service_code": "light-broken", "attribute[FAULT]": "purple"},
            400,
            "FAULT",
        ),
    ],
)
@pytest.mark.parametrize("form", ["json", "xml"])
async def test_errors_in_the_clients_format(
    post: Any, stack: Any, form: Any, changes: Any, status: Any, named: Any
) -> None:
    answer = await post(form, **changes)
    assert answer.status_code == status
    if form == "json":
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        errors = answer.json()
    else:
        assert answer.headers["content-type"] == "text/xml; charset=utf-8"
        root = fromstring(answer.text)
        assert root.tag == "errors"
        errors = [{one.tag: one.text for one in error} for error in root]
    assert errors
    assert all(set(error) == {"code", "description"} for error in errors)
    assert all(error["code"] == str(status) for error in errors)
    assert named in " ".join(error["description"] for error in errors)
    assert await stack.count("report") == 0


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/open311/v2/services/no-such.json", 404),
        ("GET", "/open311/v2/services.json?jurisdiction_id=boston.gov", 404),
        ("GET", "/open311/v2/requests/7ZZZZZZZ.json", 404),
        ("GET", "/open311/v2/requests/00000000.json", 404),
        ("GET", "/open311/v2/requests.json?status=unknown", 400),
        ("GET", "/open311/v2/requests.json?start_date=yesterday", 400),
        ("GET", "/open311/v2/requests.json?page=x", 400),
        ("GET", "/open311/v2/requests.json?start_date=0001-01-01T00:00:00Z", 200),
        ("GET", "/open311/v2/services.yaml", 404),
        ("GET", "/open311/v2/requests", 404),
        ("GET", "/open311/v2/nothing.json", 404),
        ("GET", "/open311/v2/", 404),
        ("DELETE", "/open311/v2/requests.json", 400),
        ("POST", "/open311/v2/services.json", 400),
        ("GET", "/open311/v2/requests/%00.json", 400),
    ],
)
async def test_every_address_answers_in_its_format(
    client: Any, method: Any, path: Any, status: Any
) -> None:
    answer = await client.request(method, path)
    assert answer.status_code == status
    if path.partition("?")[0].endswith(".json"):
        assert isinstance(answer.json(), list)
    else:
        assert fromstring(answer.text).tag == "errors"


@pytest.mark.parametrize(
    ("method", "path", "told"),
    [
        ("GET", "/open311/v2/nothing.json", "Diese Adresse gibt es nicht."),
        ("DELETE", "/open311/v2/requests.json", "kennt die Methode nicht"),
        ("GET", "/open311/v2/requests.json?q=" + "x" * 20_000, "zu lang"),
        ("GET", "/open311/v2/requests/%00.json", "nicht erlaubt"),
    ],
)
async def test_general_refusals_speak_the_language_of_all_others(
    client: Any, method: Any, path: Any, told: Any
) -> None:
    (error,) = (await client.request(method, path)).json()
    assert told in error["description"]
