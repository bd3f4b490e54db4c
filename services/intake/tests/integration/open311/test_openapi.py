"""OpenAPI tells the truth about Open311: parameters, both formats, errors, the fields of answers."""

from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from melder_common.event_values import PublicationPolicy
from melder_common.plain_route import PlainRoute
from melder_intake.http.open311.parameters import REQUESTS, SERVICES

V2 = "/open311/v2"


@pytest.fixture
def told(stack: Any) -> Any:
    """The described paths below ``/open311``."""
    paths = stack.app.openapi()["paths"]
    return {path: told for path, told in paths.items() if path.startswith("/open311")}


def _matches(schema: Any, value: Any, where: str = "answer") -> None:
    kinds = schema.get("type", "string")
    if isinstance(value, list):
        assert kinds == "array", where
        for one in value:
            _matches(schema["items"], one, f"{where}[]")
    elif isinstance(value, dict):
        assert kinds == "object", where
        assert set(schema["required"]) <= set(value) <= set(schema["properties"]), where
        for name, inner in value.items():
            _matches(schema["properties"][name], inner, f"{where}.{name}")
    elif value is None:
        assert "null" in kinds, where
    else:
        known = {str: "string", bool: "boolean", int: "integer", float: "number"}
        assert known[type(value)] in kinds, where
        assert value in schema.get("enum", [value]), where


def test_every_operation_tells_both_formats_and_no_422(told: Any) -> None:
    for path, operations in told.items():
        for method, operation in operations.items():
            assert "422" not in operation["responses"], path
            for status in ("200", "4XX", "503"):
                content = operation["responses"][status]["content"]
                assert set(content) == {"application/json", "text/xml"}, (method, path, status)
            form = next(one for one in operation["parameters"] if one["name"] == "form")
            assert form["schema"]["enum"] == ["xml", "json"]


def test_no_dependency_is_lost_on_a_plain_route(stack: Any) -> None:
    contexts = list(iter_route_contexts(stack.app.routes))
    plain = [one for one in contexts if isinstance(one.original_route, PlainRoute)]
    assert plain
    assert [one.path for one in plain if one.dependant.dependencies] == []


@pytest.mark.parametrize(("path", "table"), [("requests", REQUESTS), ("services", SERVICES)])
def test_every_parameter_that_is_read_is_told(told: Any, path: Any, table: Any) -> None:
    parameters = told[f"{V2}/{path}.{{form}}"]["get"]["parameters"]
    assert [one["name"] for one in parameters if one["in"] == "query"] == [
        one.name for one in table
    ]


async def test_answers_have_the_fields_that_are_told(
    told: Any, client: Any, open_case: Any
) -> None:
    case = await open_case(
        PublicationPolicy(text="at_once"), text="Loch", service_code="light-broken",
        **{"attribute[FAULT]": "dark"},
    )  # fmt: skip
    paths = {
        "/open311/discovery.{form}": "/open311/discovery.json",
        f"{V2}/services.{{form}}": f"{V2}/services.json",
        f"{V2}/services/{{code}}.{{form}}": f"{V2}/services/light-broken.json",
        f"{V2}/requests.{{form}}": f"{V2}/requests.json?extensions=true",
        f"{V2}/requests/{{number}}.{{form}}": f"{V2}/requests/{case.number}.json",
        f"{V2}/servicerequestupdates.{{form}}": f"{V2}/servicerequestupdates.json",
    }
    for path, address in paths.items():
        answers = told[path]["get"]["responses"]
        answer = await client.get(address)
        assert answer.status_code == 200, answer.text
        _matches(answers["200"]["content"]["application/json"]["schema"], answer.json(), address)
    refused = await client.get(f"{V2}/requests.json?page=x&status=y")
    _matches(answers["4XX"]["content"]["application/json"]["schema"], refused.json())


async def test_the_answer_to_a_post_is_as_told(told: Any, post: Any) -> None:
    answers = told[f"{V2}/requests.{{form}}"]["post"]["responses"]
    schema = answers["200"]["content"]["application/json"]["schema"]
    _matches(schema, (await post()).json())
